// Variables: what the state-store says they are, and the only place where secrets are open.
#pragma once

#include <map>
#include <set>
#include <string>

#include "templating/render.hpp"
#include "wire/desired.hpp"

namespace drover::templates {

class Variables {
   public:
    // 64 hex digits; empty: secrets stay unknown.
    explicit Variables(std::string private_key) : private_key_(std::move(private_key)) {}

    void put(const wire::VariableDesired& variable);
    void remove(const std::string& path);
    // Between the two what is put is all there is; the others are gone at the end, and stay readable until then.
    // Returns their paths.
    void begin_snapshot();
    std::vector<std::string> end_snapshot();

    // Whether what is known is what the state-store has now. While it is not, nothing is known of any variable.
    void set_heard(bool heard) {
        heard_ = heard;
        ever_heard_ = ever_heard_ || heard;
    }
    bool heard() const { return heard_; }
    bool ever_heard() const { return ever_heard_; }

    templating::Found find(const templating::Reference& reference) const;

   private:
    templating::Found value_of(const wire::VariableDesired& variable, const std::string& name) const;

    std::string private_key_;
    bool heard_ = false;
    bool ever_heard_ = false;
    std::map<std::string, wire::VariableDesired> variables_;
    std::set<std::string> unconfirmed_;
    // Opening costs more than everything else about a render.
    mutable std::map<std::pair<std::string, std::string>, std::string> opened_;
};

}  // namespace drover::templates
