// What a new look at a task's templates means: which files are to be written, what changed, what is stale. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "driver-manager/templates/memory.hpp"
#include "wire/observed.hpp"

namespace drover::templates {

// Of one template: its text, or why there is none now ("variable db/main").
struct Outcome {
    std::optional<std::string> text;
    std::string why;
};

// All outcomes have texts, or are those that are kept: a start makes them the state that the task knows. Whatever
// changed before is no longer to act.
void begin(Memory& memory, const std::vector<wire::Template>& templates, const std::vector<Outcome>& outcomes);

// The templates whose text is another one, by index; they are now pending changes, under one new number. `task` is what
// the splay is a hash of. Templates without a text become or stay stale and keep their render.
std::vector<std::size_t> follow(Memory& memory, const std::vector<wire::Template>& templates,
                                const std::vector<Outcome>& outcomes, const std::string& task, Instant now);

// What the pending changes up to `number`, taken together, ask the driver-manager to do. They are pending no longer. A
// restart, which others do, makes signals and scripts needless.
struct Act {
    std::vector<std::string> signals;  // each once
    std::vector<std::string> scripts;  // destinations of their templates

    friend bool operator==(const Act&, const Act&) = default;
};
Act acknowledge(Memory& memory, std::uint64_t number);

// An act of a change came to nothing; `error` is the sentence about it.
void note_failure(Memory& memory, const std::string& error);

// What others are told. `outcomes` are the latest, or none.
wire::RenderObserved describe(const Memory& memory, const std::vector<wire::Template>& templates,
                              const std::vector<Outcome>& outcomes);

// "variable db/main, file /etc/motd and 2 more"
std::string list_names(const std::vector<std::string>& names);

}  // namespace drover::templates
