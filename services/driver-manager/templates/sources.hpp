// What the templates of one task may read.
#pragma once

#include <utility>

#include "driver-manager/drivers/env.hpp"
#include "driver-manager/templates/variables.hpp"

namespace drover::templates {

class TaskSources : public templating::Sources {
   public:
    // Everything outlives this.
    TaskSources(const Variables& variables, const drivers::Env& env, const drivers::TaskContext& context)
        : variables_(variables), env_(env), context_(context) {}

    templating::Found find(const templating::Reference& reference) const override;

    // Why something that was asked for since the last call may not be read; empty: nothing was.
    std::string take_refusal() const { return std::exchange(refusal_, {}); }

   private:
    templating::Found file(const templating::Reference& reference) const;

    const Variables& variables_;
    const drivers::Env& env_;
    const drivers::TaskContext& context_;
    mutable std::string refusal_;
};

}  // namespace drover::templates
