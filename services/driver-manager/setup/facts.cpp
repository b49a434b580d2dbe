#include "driver-manager/setup/facts.hpp"

#include <cinttypes>
#include <cstdio>

#include "os/files.hpp"
#include "wire/codec.hpp"

namespace drover::setup {

namespace {

constexpr std::size_t kMaxFile = 64 << 10;
constexpr std::size_t kMaxPlaced = 1 << 20;  // a message has no more

std::string path_of(const std::string& dir) { return dir + "/facts"; }
std::string path_of_placed(const std::string& dir) { return dir + "/placed"; }

}  // namespace

void add_facts(const Facts& facts, wire::IncarnationObserved& state) {
    state.steps = facts.told.steps;
    state.ready = facts.told.ready;
    state.pre_kill_done = facts.told.pre_kill_done;
    state.pre_kill_error = facts.told.pre_kill_error;
    state.last_output = facts.told.last_output;
    state.ports = facts.told.ports;
    state.devices = facts.told.devices;
    state.driver_words = facts.told.driver_words;
    state.sessions = facts.told.sessions;
}

// A line with the two numbers, then a message that holds the rest.
Facts load_facts(const std::string& dir) {
    Facts facts;
    const std::string bytes = os::read_file(path_of(dir), kMaxFile).value_or("");
    const std::size_t line = bytes.find('\n');
    if (line == std::string::npos) return facts;
    const auto message = wire::decode<wire::TaskObserved>(std::string_view(bytes).substr(line + 1));
    if (!message || message->incarnations.size() != 1) return facts;
    if (std::sscanf(bytes.c_str(), "%" SCNu64 " %" SCNu64, &facts.stdout_start, &facts.stderr_start) != 2) return {};
    add_facts({message->incarnations[0], 0, 0}, facts.told);
    return facts;
}

Result<void> save_facts(const std::string& dir, const Facts& facts) {
    wire::TaskObserved message;
    message.incarnations.push_back(facts.told);
    const std::string bytes =
        std::to_string(facts.stdout_start) + " " + std::to_string(facts.stderr_start) + "\n" + wire::encode(message);
    return os::write_file_atomic(path_of(dir), bytes, 0600, os::Durable::no);
}

std::string load_placed(const std::string& dir) { return os::read_file(path_of_placed(dir), kMaxPlaced).value_or(""); }

Result<void> save_placed(const std::string& dir, const std::string& placed) {
    return os::write_file_atomic(path_of_placed(dir), placed, 0600, os::Durable::no);
}

}  // namespace drover::setup
