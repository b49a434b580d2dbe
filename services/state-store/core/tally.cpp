#include "state-store/core/tally.hpp"

#include <charconv>

#include "state-store/core/keys.hpp"

namespace drover::store {
namespace {

// In the order in which they are written; further ones come last.
constexpr std::uint64_t Tally::*kCounts[] = {&Tally::starts,  &Tally::start_failures, &Tally::restarts,
                                             &Tally::success, &Tally::failure,        &Tally::signal,
                                             &Tally::oom,     &Tally::unseen,         &Tally::stopped};

std::string_view next_word(std::string_view& line) {
    const std::size_t space = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, space);
    line.remove_prefix(std::min(space + 1, line.size()));
    return word;
}

void count_end(const wire::TaskEvent& event, bool stopping, Tally& tally) {
    const auto detail = [&event](const char* name) {
        const auto at = event.details.find(name);
        return at == event.details.end() ? std::string() : at->second;
    };
    if (detail("oom_killed") == "true")
        ++tally.oom;
    else if (stopping)
        ++tally.stopped;
    else if (detail("exit_code") == "-1")
        ++tally.unseen;
    else if (detail("signal") != "0")
        ++tally.signal;
    else
        ++(detail("exit_code") == "0" && detail("exit_message").empty() ? tally.success : tally.failure);
}

}  // namespace

std::string tallies_text(const Tallies& tallies) {
    std::string out;
    for (const auto& [name, tally] : tallies) {
        out += name.first + " " + name.second;
        for (const auto member : kCounts) out += " " + std::to_string(tally.*member);
        out += "\n";
    }
    return out;
}

Tallies read_tallies(std::string_view text) {
    Tallies out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::string group(next_word(line)), task(next_word(line));
        if (group.empty() || task.empty()) continue;
        Tally& tally = out[{group, task}];
        for (const auto member : kCounts) {
            const std::string_view word = next_word(line);
            std::from_chars(word.data(), word.data() + word.size(), tally.*member);
        }
    }
    return out;
}

Result<void> open_tallies(Draft& draft, const wire::JobSpec& spec) {
    const std::string key = tally_key(spec.name);
    const auto known = draft.get(key);
    if (!known) return tl::unexpected(known.error());
    Tallies before = read_tallies(known->value_or("")), after;
    for (const wire::GroupSpec& group : spec.groups)
        for (const wire::TaskSpec& task : group.tasks) after[{group.name, task.name}] = before[{group.name, task.name}];
    draft.put(key, tallies_text(after));
    return {};
}

void count(const wire::TaskEvent& event, bool stopping, Tally& tally) {
    if (event.type == "Started") ++tally.starts;
    if (event.type == "Restarting") ++tally.restarts;
    if (event.type == "Terminated") count_end(event, stopping, tally);
    for (const char* type : {"Driver Failure", "Setup Failure", "Failed Artifact Download"})
        if (event.type == type) ++tally.start_failures;
}

}  // namespace drover::store
