// Course: the templates of one task, from its setup until the task is forgotten.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "driver-manager/setup/step.hpp"
#include "driver-manager/templates/changes.hpp"
#include "driver-manager/templates/sources.hpp"
#include "driver-manager/templates/variables.hpp"

namespace drover::templates {

// What a task's env templates add to its environment, as they are on disk.
std::map<std::string, std::string> late_env(const setup::Site& site);

class Course {
   public:
    // `file` keeps its memory.
    explicit Course(std::string file) : file_(std::move(file)) {}

    // What was remembered, once; a damaged memory counts as none, and its error is returned.
    Result<void> load();

    void set_site(const setup::Site& site);
    const setup::Site& site() const { return site_; }
    // New facts of the node.
    void set_node(const std::string& name, const std::map<std::string, std::string>& attributes);

    // Renders and writes everything for a start. The value is what it waits for; empty: all is written, and `env` has
    // what the task's environment gets. An error is final unless it is `unavailable`.
    Result<std::string> begin(const Variables& variables, std::map<std::string, std::string>& env);

    // Renders anew and writes what is different. False when it could not be remembered and has to be tried again.
    bool follow(const Variables& variables, Instant now);

    // Was everything rendered once, so that changes can be told?
    bool begun() const { return !memory_.renders.empty(); }

    Act acknowledge(std::uint64_t rendered);
    void note_failure(const std::string& error) { templates::note_failure(memory_, error); }
    bool save();

    wire::RenderObserved observed() const { return describe(memory_, templates(), outcomes_); }

    // "": any variable.
    bool reads(const std::string& variable) const;
    // Does it read files, which say nothing when they change?
    bool polls() const;

   private:
    struct Compiled {
        std::string text;
        std::optional<templating::Program> program;
        std::string fault;
    };
    // Of one look at a template: unknown things are worth waiting for with what there was before.
    struct Look {
        Outcome outcome;
        bool in_doubt = false;
        std::string fault;
    };

    const std::vector<wire::Template>& templates() const { return site_.command.spec.templates; }
    std::vector<Look> look(const Variables& variables);
    Look look_at(std::size_t index, const TaskSources& sources);
    void compile(std::size_t index, const std::string& text);

    std::string file_;
    setup::Site site_;
    std::vector<Compiled> compiled_;
    Memory memory_;
    std::vector<Outcome> outcomes_;
};

}  // namespace drover::templates
