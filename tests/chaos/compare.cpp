#include "compare.hpp"

#include <algorithm>
#include <charconv>
#include <map>

#include "work.hpp"

namespace drover::chaos {
namespace {

std::string task_of(const Json& event) { return event.value("alloc", "") + "." + event.value("task", ""); }

int exit_code(const Json& terminated) {
    const std::string text = terminated["details"].value("exit_code", "");
    int code = -2;
    std::from_chars(text.data(), text.data() + text.size(), code);
    return code;
}

std::string list(const std::vector<int>& codes) {
    std::string out;
    for (const int code : codes) out += (out.empty() ? "" : " ") + std::to_string(code);
    return out.empty() ? "none" : out;
}

int code_of(const std::string& task, const Life& life, const Ends& ends) {
    if (life.code) return *life.code;
    if (const auto of_task = ends.find(task); of_task != ends.end())
        if (const auto end = of_task->second.find(life.pid); end != of_task->second.end()) return end->second;
    return kInterrupted;
}

}  // namespace

Sentences compare_exits(const Lives& lives, const Ends& ends, const std::vector<Json>& log, std::uint64_t& compared) {
    std::map<std::string, std::vector<int>> recorded;
    for (const Json& event : log) {
        if (event.value("type", "") != "Terminated") continue;
        recorded[task_of(event)].push_back(exit_code(event));
    }
    Sentences wrong;
    for (const auto& [task, all] : lives) {
        std::vector<int> happened;
        for (const Life& life : all) happened.push_back(code_of(task, life, ends));
        compared += happened.size();
        std::vector<int>& said = recorded[task];
        // Stopped just when it had been started, it may have ended before it could write a word.
        if (said.size() == happened.size() + 1 && said.back() == kInterrupted) said.pop_back();
        if (said != happened)
            wrong.push_back("task " + task + " ended with " + list(happened) + "; recorded is " + list(said));
    }
    for (const auto& [task, said] : recorded) {
        if (!said.empty() && !lives.contains(task))
            wrong.push_back("task " + task + " never ran; recorded is " + list(said));
    }
    return wrong;
}

Sentences check_log(const std::vector<Json>& log) {
    Sentences wrong;
    std::uint64_t last = 0;
    std::map<std::string, std::uint64_t> counts;
    for (const Json& event : log) {
        const std::uint64_t number = event.value("number", 0ULL);
        if (number <= last) wrong.push_back("event " + std::to_string(number) + " comes after " + std::to_string(last));
        last = number;
        const std::uint64_t n = event.value("n", 0ULL);
        std::uint64_t& count = counts[task_of(event)];
        if (n != count + 1)
            wrong.push_back("task " + task_of(event) + " has event " + std::to_string(n) + " after event " +
                            std::to_string(count));
        count = n;
    }
    return wrong;
}

Sentences compare_logs(const std::vector<Json>& heard, const std::vector<Json>& log) {
    for (std::size_t i = 0; i < std::min(heard.size(), log.size()); ++i) {
        if (heard[i] != log[i])
            return {"what was heard is not what is recorded: " + heard[i].dump() + ", " + log[i].dump()};
    }
    if (heard.size() == log.size()) return {};
    return {std::to_string(heard.size()) + " events were heard, " + std::to_string(log.size()) + " are recorded"};
}

Sentences find_harm(const Lives& lives, const Ends& ends) {
    Sentences harm;
    for (const auto& [task, all] : lives) {
        if (!runs_for_ever(task)) continue;
        const auto of_task = ends.find(task);
        for (std::size_t i = 0; i + 1 < all.size(); ++i) {
            if (of_task != ends.end() && of_task->second.contains(all[i].pid)) continue;
            harm.push_back("process " + std::to_string(all[i].pid) + " of task " + task +
                           " has ended, and nobody but Drover can have done it");
        }
    }
    return harm;
}

}  // namespace drover::chaos
