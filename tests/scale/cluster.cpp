#include "cluster.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "wire/codec.hpp"
#include "wire/request.hpp"

namespace drover::scale {
namespace {

constexpr std::size_t kTasksOfAJob = 1000;
constexpr std::size_t kRunners = 3;

}  // namespace

class Cluster::NoDisk : public store::Disk {
    Result<void> reserve() override { return {}; }
    bool release() override { return false; }
    void back_up(const std::string&, Done done) override { done(fail(ErrorKind::refused, "no disk")); }
    void check(Done done) override { done(fail(ErrorKind::refused, "no disk")); }
};

struct Cluster::Gateway {
    explicit Gateway(Mesh& mesh)
        : loop(mesh.view(Role::gateway)),
          transport(mesh.join(Role::gateway)),
          exchange(*loop, *transport, {"gw-0", "gateway", "boot-gw"}) {
        exchange.offer("request/gw-0", requests);
        exchange.follow("state", ears);
        exchange.follow("task/event", ears, true);
        exchange.follow("answer/gw-0", ears);
    }

    void submit(const std::string& name, std::uint32_t count) {
        wire::Request request;
        request.id = name;
        request.ask = wire::Ask::job_submit;
        request.spec.emplace();
        request.spec->name = name;
        wire::GroupSpec group;
        group.name = "group";
        group.count = count;
        group.tasks.resize(1);
        group.tasks[0].name = "task";
        group.tasks[0].driver = "mock";
        request.spec->groups.push_back(group);
        requests.put(name, wire::Request::kName, wire::encode(request));
        exchange.changed("request/gw-0");
    }

    std::unique_ptr<rt::Loop> loop;
    std::unique_ptr<bus::Transport> transport;
    Deaf ears;
    bus::KeyedFeed requests{1};
    bus::Exchange exchange;
};

struct Cluster::Runner {
    Runner(Mesh& mesh, std::size_t number)
        : loop(mesh.view(Role::runner)),
          transport(mesh.join(Role::runner)),
          exchange(*loop, *transport, {id(number), "alloc-runner", "boot-" + id(number)}),
          runner(*loop, exchange, rules(number)) {}

    static std::string id(std::size_t number) { return "ar-" + std::to_string(number); }
    static alloc_runner::BrainRules rules(std::size_t number) {
        alloc_runner::BrainRules rules;
        rules.id = id(number);
        rules.boot = "boot-" + id(number);
        return rules;
    }

    std::unique_ptr<rt::Loop> loop;
    std::unique_ptr<bus::Transport> transport;
    bus::Exchange exchange;
    alloc_runner::Runner runner;
};

Cluster::Cluster(std::size_t nodes) : disk_(std::make_unique<NoDisk>()) {
    store_loop_ = mesh_.view(Role::store);
    store_transport_ = mesh_.join(Role::store);
    store_exchange_ = std::make_unique<bus::Exchange>(*store_loop_, *store_transport_,
                                                      bus::Exchange::Identity{"store-0", "state-store", "boot-store"});
    store_ = std::make_unique<store::Store>(*store_loop_, *store_exchange_, engine_, *disk_, store::StoreLimits{}, 1,
                                            [](const Error&) { CHECK(false); });
    CHECK(store_->start());
    for (std::size_t i = 0; i < kRunners; ++i) add_runner();
    gateway_ = std::make_unique<Gateway>(mesh_);
    for (std::size_t i = 0; i < nodes; ++i) add_node();
    rest(seconds(5));
}

Cluster::~Cluster() = default;

void Cluster::add_runner() { runners_.push_back(std::make_unique<Runner>(mesh_, runners_.size())); }

void Cluster::add_node() { nodes_.push_back(std::make_unique<Node>(mesh_, "n" + std::to_string(nodes_.size()))); }

std::size_t Cluster::running() const {
    std::size_t sum = 0;
    for (const auto& node : nodes_) sum += node->running();
    return sum;
}

Duration Cluster::start_tasks(std::size_t count) {
    const std::size_t before = running();
    const Instant began = loop_.now();
    for (std::size_t left = count; left > 0;) {
        const std::size_t some = std::min(left, kTasksOfAJob);
        gateway_->submit("job-" + std::to_string(++jobs_), static_cast<std::uint32_t>(some));
        left -= some;
    }
    CHECK(loop_.run_until([&] { return running() >= before + count; }, minutes(5)));
    return loop_.now() - began;
}

}  // namespace drover::scale
