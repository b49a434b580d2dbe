#include "owner.hpp"

#include "base/check.hpp"
#include "wire/codec.hpp"
#include "wire/messages.hpp"

namespace drover::model {
namespace {

alloc_runner::BrainRules rules(std::string id, std::string boot) {
    alloc_runner::BrainRules rules;
    rules.id = std::move(id);
    rules.boot = std::move(boot);
    return rules;
}

template <class T>
T decode(const std::string& value) {
    auto object = wire::decode<T>(value);
    CHECK(object.has_value());
    return std::move(*object);
}

}  // namespace

Owner::Owner(std::string id, std::string boot) : boot_(boot), brain_(rules(std::move(id), std::move(boot))) {}

void Owner::hear(const std::string& key, const std::string& value) {
    if (key == "members") return brain_.hear(decode<wire::Members>(value));
    if (key.starts_with("job/")) return brain_.hear(decode<wire::JobDesired>(value));
    if (key.starts_with("alloc/")) return brain_.hear(decode<wire::AllocDesired>(value));
    if (key.starts_with("status/")) return brain_.hear(decode<wire::AllocStatus>(value));
    if (key.starts_with("node/")) return brain_.hear(decode<wire::NodeStatus>(value));
    CHECK(false && "the store of the model publishes nothing else");
}

std::vector<wire::TaskCommand> Owner::hear(const StateNews& news, Id id) {
    const bool anew = news.epoch != state_.epoch;
    if (anew) brain_.state_reset();
    for (const auto& [key, value] : news.objects) {
        const auto known = state_.objects.find(key);
        if (anew || known == state_.objects.end() || known->second != value) hear(key, value);
    }
    // The store of the model never forgets an object.
    for (const auto& [key, value] : state_.objects) CHECK(news.objects.contains(key));
    brain_.state_complete();
    brain_.state_current(kNow);
    state_ = news;
    state_heard_ = id;
    return settle(kNow);
}

std::vector<wire::TaskCommand> Owner::hear(const NodeNews& news, Id id) {
    const bool anew = news.epoch != node_.epoch;
    if (anew) brain_.inventory_reset(kNode);
    for (const auto& [key, observed] : news.tasks) {
        const auto known = node_.tasks.find(key);
        if (anew || known == node_.tasks.end() || known->second != observed) brain_.hear(kNode, observed);
    }
    if (!anew)
        for (const auto& [key, observed] : node_.tasks)
            if (!news.tasks.contains(key)) brain_.forget_task(kNode, key);
    brain_.inventory_complete(kNode);
    node_ = news;
    node_heard_ = id;
    return settle(kNow);
}

std::vector<wire::TaskCommand> Owner::settle(Instant now) {
    std::vector<wire::TaskCommand> fresh;
    alloc_runner::Statements said = brain_.settle(now);
    for (auto& [where, command] : said.commands) {
        const std::string key = where.second.first + "/" + where.second.second;
        if (!command) {
            commands_.erase(key);
            continue;
        }
        fresh.push_back(*command);
        commands_[key] = std::move(*command);
    }
    const auto stand = [this](const std::string& key, const auto& object) {
        if (object)
            reports_.said[key] = wire::encode(*object);
        else
            reports_.said.erase(key);
    };
    for (const auto& [alloc, report] : said.reports) stand("report/" + alloc, report);
    for (const auto& [alloc, proposal] : said.proposals) stand("alloc/" + alloc, proposal);
    return fresh;
}

std::string Owner::bytes() const {
    Bytes bytes;
    bytes.add(boot_)
        .add(state_heard_)
        .add(node_heard_)
        .add(brain_.term())
        .add(static_cast<std::uint64_t>(brain_.wake_at().ns))
        .add(reports_.bytes())
        .add(commands_.size());
    for (const auto& [key, command] : commands_) bytes.add(wire::encode(command));
    for (const auto& [name, job] : brain_.jobs()) {
        bytes.add(name).add(job.slots.size());
        for (const auto& [key, slot] : job.slots) bytes.add(key.first).add(key.second).add(static_cast<Id>(slot));
        bytes.add(job.why.size());
    }
    for (const auto& [key, value] : state_.objects) {
        if (!key.starts_with("alloc/")) continue;
        const alloc_runner::Alloc* life = brain_.alloc(key.substr(6));
        bytes.add(life != nullptr);
        if (!life) continue;
        bytes.add(wire::encode(life->status()));
        for (const alloc_runner::Task& task : life->tasks()) {
            bytes.add(task.observed.has_value());
            if (task.observed) bytes.add(wire::encode(*task.observed));
        }
    }
    return bytes.take();
}

}  // namespace drover::model
