#include "driver-manager/shell/variable_feed.hpp"

#include "host/log.hpp"
#include "wire/codec.hpp"

namespace drover::driver_manager {
namespace {

constexpr std::string_view kPrefix = "variable/";
constexpr Duration kLook = seconds(1);

}  // namespace

VariableFeed::VariableFeed(rt::Loop& loop, bus::Exchange& exchange, templates::Variables& variables,
                           templates::Keeper& keeper)
    : loop_(loop), exchange_(exchange), variables_(variables), keeper_(keeper) {}

VariableFeed::~VariableFeed() { loop_.cancel(timer_); }

void VariableFeed::start() {
    exchange_.follow("state", *this);
    exchange_.on_vector([this](const bus::Peer& peer, const wire::Vector&) {
        if (peer.role == "state-store") heard_at_ = loop_.now();
    });
    look();
}

void VariableFeed::on_reset(const std::string&, const std::string&) {
    whole_ = false;
    variables_.begin_snapshot();
}

void VariableFeed::on_record(const std::string&, const std::string&, const wire::Record& record) {
    if (!record.key.starts_with(kPrefix)) return;
    const std::string path = record.key.substr(kPrefix.size());
    if (record.erased) {
        variables_.remove(path);
    } else {
        const auto variable = wire::decode<wire::VariableDesired>(record.body);
        if (!variable || variable->path != path) {
            log::warn("refused a variable that cannot be read", {{"key", record.key}});
            return;
        }
        variables_.put(*variable);
    }
    if (variables_.heard()) keeper_.variable_changed(path);
}

void VariableFeed::on_complete(const std::string&, const std::string&) {
    for (const std::string& path : variables_.end_snapshot()) keeper_.variable_changed(path);
    whole_ = true;
    heard_at_ = loop_.now();
    const bool before = variables_.heard();
    variables_.set_heard(true);
    if (!before) keeper_.hearing_changed();
}

void VariableFeed::look() {
    const bool heard = whole_ && loop_.now() < heard_at_ + kSilence;
    if (heard != variables_.heard()) {
        variables_.set_heard(heard);
        if (!heard) log::warn("the state-store is not heard; templates keep what they were rendered from", {});
        keeper_.hearing_changed();
    }
    timer_ = loop_.at(loop_.now() + kLook, [this] { look(); });
}

}  // namespace drover::driver_manager
