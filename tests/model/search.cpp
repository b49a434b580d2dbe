#include "search.hpp"

#include <algorithm>
#include <deque>

#include "base/check.hpp"

namespace drover::model {
namespace {

using Number = std::uint32_t;  // of a state, in the order in which they were found

constexpr std::size_t kProgress = 1'000'000;

// The states found so far: each once, with the step that led to it first.
class Found {
   public:
    Found() : slots_(1 << 16, kFree) {}

    // True: it is new.
    bool add(const State& state, Number from, const Move& move, Number& number) {
        if (states_.size() * 2 >= slots_.size()) grow();
        Number& slot = slots_[find(state)];
        const bool fresh = slot == kFree;
        if (fresh) {
            slot = static_cast<Number>(states_.size());
            states_.push_back(state);
            from_.push_back(from);
            moves_.push_back(move);
        }
        number = slot;
        return fresh;
    }

    std::size_t size() const { return states_.size(); }
    const State& state(Number number) const { return states_[number]; }

    // From the beginning to `number`.
    std::vector<std::string> trace(const System& system, Number number) const {
        std::vector<std::string> lines;
        for (; number != 0; number = from_[number])
            lines.push_back(system.describe(states_[from_[number]], {moves_[number], states_[number]}));
        std::reverse(lines.begin(), lines.end());
        return lines;
    }

   private:
    static constexpr Number kFree = ~Number{0};

    std::size_t find(const State& state) const {
        std::size_t at = state.hash() & (slots_.size() - 1);
        while (slots_[at] != kFree && !(states_[slots_[at]] == state)) at = (at + 1) & (slots_.size() - 1);
        return at;
    }

    void grow() {
        slots_.assign(slots_.size() * 2, kFree);
        for (Number number = 0; number < states_.size(); ++number) slots_[find(states_[number])] = number;
    }

    std::vector<Number> slots_;
    std::deque<State> states_;
    std::vector<Number> from_;
    std::vector<Move> moves_;
};

class Search {
   public:
    Search(const Setting& setting, const Limits& limits) : system_(setting), limits_(limits) {}

    Outcome run() {
        Number number = 0;
        found_.add(system_.start(), 0, {}, number);
        first_edge_.push_back(0);
        std::size_t layer_end = 1;
        for (Number at = 0; at < found_.size() && found_.size() < limits_.states; ++at) {
            if (at == layer_end) {
                ++outcome_.depth;
                layer_end = found_.size();
            }
            if (!visit(at)) return finish();
            if (limits_.progress && at % kProgress == kProgress - 1) limits_.progress(finish());
        }
        outcome_.complete = first_edge_.size() == found_.size() + 1;
        if (outcome_.complete) check_ends();
        return finish();
    }

   private:
    // False: a promise is broken.
    bool visit(Number at) {
        const State state = found_.state(at);
        if (std::string broken = system_.broken(state); !broken.empty()) {
            outcome_.broken = std::move(broken);
            outcome_.trace = found_.trace(system_, at);
            return false;
        }
        if (system_.is_quiet(state)) quiet_.push_back(at);
        for (const Step& step : system_.next(state)) {
            Number to = 0;
            found_.add(step.to, at, step.move, to);
            edges_.push_back(to);
        }
        first_edge_.push_back(edges_.size());
        return true;
    }

    // Backwards from the quiet states; what is not met has no way to any of them.
    void check_ends() {
        std::vector<std::size_t> first(found_.size() + 1);
        for (const Number to : edges_) ++first[to + 1];
        for (std::size_t i = 1; i < first.size(); ++i) first[i] += first[i - 1];
        std::vector<Number> back(edges_.size());
        std::vector<std::size_t> next(first.begin(), first.end() - 1);
        for (Number from = 0; from < found_.size(); ++from)
            for (std::size_t e = first_edge_[from]; e < first_edge_[from + 1]; ++e) back[next[edges_[e]]++] = from;
        std::vector<bool> met(found_.size());
        std::vector<Number> todo = quiet_;
        for (const Number quiet : quiet_) met[quiet] = true;
        while (!todo.empty()) {
            const Number to = todo.back();
            todo.pop_back();
            for (std::size_t e = first[to]; e < first[to + 1]; ++e) {
                if (met[back[e]]) continue;
                met[back[e]] = true;
                todo.push_back(back[e]);
            }
        }
        const auto lost = std::find(met.begin(), met.end(), false);
        if (lost == met.end()) return;
        outcome_.broken = kNoWayToQuiet;
        outcome_.trace = found_.trace(system_, static_cast<Number>(lost - met.begin()));
    }

    Outcome finish() {
        outcome_.states = found_.size();
        outcome_.steps = edges_.size();
        outcome_.quiet = quiet_.size();
        outcome_.parts = system_.count_parts();
        return outcome_;
    }

    System system_;
    const Limits& limits_;
    Found found_;
    std::vector<std::size_t> first_edge_;  // by state: where its edges begin
    std::vector<Number> edges_;
    std::vector<Number> quiet_;
    Outcome outcome_;
};

}  // namespace

Outcome search(const Setting& setting, const Limits& limits) { return Search(setting, limits).run(); }

}  // namespace drover::model
