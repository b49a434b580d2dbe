#include "driver-manager/shell/admission.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <utility>

#include "host/log.hpp"
#include "os/files.hpp"
#include "os/sockets.hpp"
#include "wire/codec.hpp"

namespace drover::driver_manager {
namespace {

constexpr std::size_t kMaxFile = 64 << 10;
constexpr std::size_t kMaxFiles = 1 << 20;

// Looked at once, and only when somebody wants a port.
class PortsInUse {
   public:
    std::string operator()(std::uint32_t port) {
        if (!bound_) bound_ = os::bound_ports();
        const auto bound =
            std::find_if(bound_->begin(), bound_->end(), [port](const os::BoundPort& one) { return one.port == port; });
        if (bound == bound_->end()) return {};
        const auto owner = os::owner_of_socket(bound->inode);
        if (!owner) return "in use by a process that this driver-manager may not look into";
        return "in use by PID " + std::to_string(owner->pid) + " (" + owner->name + ")";
    }

   private:
    std::optional<std::vector<os::BoundPort>> bound_;
};

}  // namespace

// Waits within the admission until there is room.
class Admission::Step : public setup::Step {
   public:
    Step(Admission& admission, setup::Site& site, setup::StepVoice voice)
        : admission_(admission), site_(site), voice_(std::move(voice)) {}
    ~Step() override { admission_.waiting_.remove(this); }

    void begin() override {
        if (attempt()) return;
        admission_.waiting_.push_back(this);
        admission_.look_later();
        voice_.gives_way();
    }

    // May end the step, and with it this: then true.
    bool attempt() {
        const Result<void> admitted = admission_.admit(site_.command);
        const setup::StepVoice voice = voice_;
        if (!admitted && admitted.error().kind == ErrorKind::unavailable) {
            voice.waits("room on its node: " + admitted.error().message);
            return false;
        }
        admission_.waiting_.remove(this);
        voice.ended(admitted);
        return true;
    }

   private:
    Admission& admission_;
    setup::Site& site_;
    setup::StepVoice voice_;
};

Admission::Admission(rt::Loop& loop, std::string dir, PortRange range)
    : loop_(loop), dir_(std::move(dir)), ledger_(range) {}

Admission::~Admission() {
    loop_.cancel(soon_);
    loop_.cancel(period_);
}

Result<void> Admission::adopt(const std::set<std::string>& known_allocs) {
    if (const auto made = os::make_dir(dir_, 0700); !made) return tl::unexpected(made.error());
    const auto names = os::list_dir(dir_, kMaxFiles);
    if (!names) return tl::unexpected(names.error());
    for (const std::string& name : *names) {
        const std::string path = dir_ + "/" + name;
        const auto bytes = os::read_file(path, kMaxFile);
        const auto held =
            bytes ? wire::decode<wire::Reservation>(*bytes) : Result<wire::Reservation>(tl::unexpected(bytes.error()));
        if (held && held->alloc == name && known_allocs.contains(name)) {
            ledger_.put_back(*held);
            continue;
        }
        // What runs all the same is counted as soon as its command is heard.
        if (known_allocs.contains(name))
            log::warn("what an alloc has reserved cannot be read",
                      {{"path", path}, {"why", held ? "it is of another alloc" : held.error().message}});
        ::unlink(path.c_str());
    }
    return {};
}

void Admission::set_room(Room room) {
    ledger_.set_room(std::move(room));
    look_later();
}

setup::StepMaker Admission::step() {
    return [this](setup::Site& site, setup::StepVoice voice) {
        return std::make_unique<Step>(*this, site, std::move(voice));
    };
}

void Admission::assume(const wire::TaskCommand& command) {
    if (!ledger_.assume(command)) return;
    if (const auto saved = save(command.alloc); !saved)
        log::warn("cannot keep what a running task uses", {{"why", saved.error()}});
}

void Admission::give_back(const TaskKey& key) {
    if (!ledger_.give_back(key)) return;
    if (const auto saved = save(key.alloc); !saved)
        log::warn("cannot keep what a task has given back", {{"why", saved.error()}});
    look_later();
}

void Admission::forget(const std::string& alloc) {
    const wire::Reservation* held = ledger_.find(alloc);
    if (held == nullptr) return;
    for (const auto& [task, share] : std::map<std::string, wire::Share>(held->tasks)) give_back({alloc, task});
}

// Written down before anything of the task begins.
Result<void> Admission::admit(const wire::TaskCommand& command) {
    const wire::Reservation* held = ledger_.find(command.alloc);
    const wire::Reservation before = held != nullptr ? *held : wire::Reservation{command.alloc, {}, {}};
    const auto admitted = ledger_.admit(command, PortsInUse());
    if (!admitted) return tl::unexpected(admitted.error());
    const auto saved = *admitted ? save(command.alloc) : Result<void>();
    if (saved) return {};
    ledger_.put_back(before);
    return fail(ErrorKind::unavailable, saved.error().message);
}

Result<void> Admission::save(const std::string& alloc) const {
    const std::string path = dir_ + "/" + alloc;
    const wire::Reservation* held = ledger_.find(alloc);
    if (held != nullptr) return os::write_file_atomic(path, wire::encode(*held), 0600, os::Durable::no);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno("cannot remove " + path, errno);
    return {};
}

void Admission::look_later() {
    if (waiting_.empty()) return;
    if (soon_ == 0) soon_ = loop_.at(loop_.now(), [this] { look(); });
    if (period_ == 0)
        period_ = loop_.at(loop_.now() + kPeriod, [this] {
            period_ = 0;
            look_later();
        });
}

// In the order of their coming; who needs little may pass by who needs much.
void Admission::look() {
    soon_ = 0;
    for (Step* step : std::list<Step*>(waiting_))
        if (std::find(waiting_.begin(), waiting_.end(), step) != waiting_.end()) step->attempt();
}

}  // namespace drover::driver_manager
