#include "node.hpp"

#include "wire/codec.hpp"
#include "wire/desired.hpp"
#include "wire/observed.hpp"

namespace drover::scale {

Node::Node(Mesh& mesh, const std::string& id)
    : loop_(mesh.view(Role::node)),
      transport_(mesh.join(Role::node)),
      id_(id),
      observed_("task/observed/" + id),
      exchange_(*loop_, *transport_, {id, "driver-manager", "boot-" + id}) {
    exchange_.offer("node", facts_);
    exchange_.offer(observed_, tasks_);
    exchange_.follow("task/command/" + id, *this);
    exchange_.follow("state", variables_);
    wire::NodeObserved facts;
    facts.id = id;
    facts.name = id;
    facts.cpu = 64;
    facts.memory = std::uint64_t{256} << 30;
    facts.drivers["mock"] = {true, true, "Healthy"};
    for (const char* name : {"kernel.version", "os.name", "cpu.arch", "cpu.modelname", "unique.hostname"})
        facts.attributes[name] = "a value of usual length";
    facts_.put(id, wire::NodeObserved::kName, wire::encode(facts));
    exchange_.changed("node");
}

void Node::on_record(const std::string&, const std::string&, const wire::Record& record) {
    if (record.erased) return;
    const auto command = wire::decode<wire::TaskCommand>(record.body);
    if (!command) return;
    wire::TaskObserved observed;
    observed.alloc = command->alloc;
    observed.task = command->task;
    observed.term = command->term;
    if (command->verb == wire::Verb::run) {
        wire::IncarnationObserved one;
        one.seq = command->seq;
        one.id = command->incarnation;
        one.phase = wire::RunPhase::running;
        one.pid = 4711;
        one.started_at = loop_->now();
        one.ready = true;
        observed.incarnations.push_back(one);
        ++running_;
    } else {
        observed.floor = command->seq;
    }
    tasks_.put(command->alloc + "/" + command->task, wire::TaskObserved::kName, wire::encode(observed));
    exchange_.changed(observed_);
}

}  // namespace drover::scale
