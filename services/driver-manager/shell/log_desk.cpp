#include "driver-manager/shell/log_desk.hpp"

#include <algorithm>

#include "wire/codec.hpp"

namespace drover::driver_manager {
namespace {

constexpr std::string_view kQuestions = "logread/";

std::string gateway_of(const std::string& stream) { return stream.substr(kQuestions.size()); }

}  // namespace

LogDesk::LogDesk(bus::Exchange& exchange, Hands& hands, std::string node, std::uint64_t epoch)
    : exchange_(exchange), hands_(hands), node_(std::move(node)), epoch_(epoch) {}

void LogDesk::start() { exchange_.follow(std::string(kQuestions), *this); }

LogDesk::Gateway* LogDesk::find_gateway(const std::string& name) {
    if (const auto it = gateways_.find(name); it != gateways_.end()) return it->second.get();
    if (gateways_.size() >= kMaxGateways) return nullptr;
    Gateway& made = *gateways_.emplace(name, std::make_unique<Gateway>(epoch_)).first->second;
    exchange_.offer("logchunk/" + name, made.answers);
    return &made;
}

void LogDesk::on_reset(const std::string&, const std::string& stream) {
    const auto it = gateways_.find(gateway_of(stream));
    if (it != gateways_.end()) it->second->stale = it->second->standing;
}

void LogDesk::on_record(const std::string&, const std::string& stream, const wire::Record& record) {
    const std::string prefix = node_ + "/";
    if (!record.key.starts_with(prefix)) return;
    const std::string name = gateway_of(stream);
    const std::string id = record.key.substr(prefix.size());
    Gateway* gateway = find_gateway(name);
    if (gateway == nullptr) {
        ++refused_;
        return;
    }
    if (record.erased) return withdraw(name, *gateway, id);
    auto read = wire::decode<wire::LogRead>(record.body);
    const bool full = gateway->standing.size() >= kMaxQuestions && !gateway->standing.contains(id);
    if (!read || read->id != id || full) {
        ++refused_;
        return;
    }
    gateway->stale.erase(id);
    gateway->standing.insert(id);
    answer(name, *gateway, std::move(*read));
}

void LogDesk::on_complete(const std::string&, const std::string& stream) {
    const std::string name = gateway_of(stream);
    const auto it = gateways_.find(name);
    if (it == gateways_.end()) return;
    for (const std::string& id : std::set(std::move(it->second->stale))) withdraw(name, *it->second, id);
    it->second->stale.clear();
}

void LogDesk::answer(const std::string& name, Gateway& gateway, wire::LogRead read) {
    read.limit = std::min(read.limit, kMaxChunk);
    wire::LogChunk chunk;
    if (auto got = hands_.read_log(read))
        chunk = std::move(*got);
    else
        chunk.error = got.error().message;
    chunk.id = read.id;
    if (gateway.answers.put(read.id, wire::LogChunk::kName, wire::encode(chunk))) exchange_.changed("logchunk/" + name);
}

void LogDesk::withdraw(const std::string& name, Gateway& gateway, const std::string& id) {
    gateway.standing.erase(id);
    gateway.stale.erase(id);
    if (gateway.answers.erase(id)) exchange_.changed("logchunk/" + name);
}

}  // namespace drover::driver_manager
