#include "host/slots.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "os/file_lock.hpp"
#include "os/files.hpp"

namespace drover::host {

namespace {

std::string slot_id(const std::string& service, int number) { return service + "-" + std::to_string(number); }

// conflict: another process has it.
Result<Slot> take(const std::string& slots, const std::string& id, const std::string& hostname) {
    Slot slot{id, slots + "/" + id, {}};
    if (const auto made = os::make_dir(slot.dir, 0700); !made) return tl::unexpected(made.error());
    auto lock = os::lock_file(slot.dir + "/slot.lock");
    if (!lock) return tl::unexpected(lock.error());
    slot.lock = std::move(*lock);
    // Only for the choice after a restart: the slot is ours without it, also on a full disk.
    (void)os::write_file_atomic(slot.dir + "/host", hostname, 0600, os::Durable::no);
    return slot;
}

}  // namespace

Result<Slot> take_slot(const std::string& data_dir, const std::string& service, const std::string& hostname) {
    const std::string slots = data_dir + "/slots";
    if (const auto made = os::make_dir(slots, 0700); !made) return tl::unexpected(made.error());
    std::vector<std::string> ids;
    for (int number = 0; number < kMaxSlots; ++number) ids.push_back(slot_id(service, number));
    std::stable_partition(ids.begin(), ids.end(), [&](const std::string& id) {
        const auto last = os::read_file(slots + "/" + id + "/host", 256);
        return last && *last == hostname;
    });
    for (const std::string& id : ids) {
        auto slot = take(slots, id, hostname);
        if (slot || slot.error().kind != ErrorKind::conflict) return slot;
    }
    return fail(ErrorKind::refused, "all " + std::to_string(kMaxSlots) + " slots of " + service + " in " + slots +
                                        " are taken; give some replicas another data directory");
}

std::string own_hostname() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

}  // namespace drover::host
