#include "templating/render.hpp"

#include <algorithm>

namespace drover::templating {
namespace {

struct Value {
    State state = State::present;
    std::string text;  // of one that is not present: what it is
};

Value text_of(std::string text) { return {State::present, std::move(text)}; }
Value truth(bool yes) { return text_of(yes ? "true" : "false"); }

bool holds(const Value& value) { return value.state == State::present && !value.text.empty() && value.text != "false"; }

class Renderer {
   public:
    explicit Renderer(const Sources& sources) : sources_(sources) {}

    Result<Rendered> run(const Program& program) {
        blocks(program.blocks);
        if (!error_.empty()) return fail(ErrorKind::invalid, error_);
        return std::move(out_);
    }

   private:
    using Item = std::pair<const std::string, std::string>;

    void blocks(const std::vector<Block>& list) {
        for (const Block& block : list) {
            if (error_.empty() && ++steps_ > kMaxSteps) error_ = "the template takes more than 1000000 steps";
            if (!error_.empty()) return;
            one(block);
        }
    }

    void one(const Block& block) {
        switch (block.kind) {
            case Block::Kind::text: return print(block.text);
            case Block::Kind::print: return print(evaluate(block.expression));
            case Block::Kind::branch: return branch(block);
            case Block::Kind::repeat: return repeat(block);
        }
    }

    void print(const Value& value) {
        if (value.state == State::present) return print(value.text);
        name(value.state == State::absent ? out_.missing : out_.unknown, value.text);
    }

    void print(const std::string& text) {
        if (out_.text.size() + text.size() > kMaxOutput) {
            error_ = "the template renders to more than 1 MiB";
        } else {
            out_.text += text;
        }
    }

    static void name(std::vector<std::string>& list, const std::string& what) {
        if (list.size() < kMaxNamed && std::find(list.begin(), list.end(), what) == list.end()) list.push_back(what);
    }

    void branch(const Block& block) {
        const Value value = evaluate(block.expression);
        if (value.state == State::unknown) return name(out_.unknown, value.text);
        blocks(holds(value) ? block.body : block.otherwise);
    }

    void repeat(const Block& block) {
        const Found found = sources_.find(block.expression.reference);
        if (found.state == State::unknown) return name(out_.unknown, found.what);
        if (found.state == State::absent && block.otherwise.empty()) return name(out_.missing, found.what);
        if (found.items.empty()) return blocks(block.otherwise);
        const Item* const outer = item_;
        for (const Item& item : found.items) {
            item_ = &item;
            blocks(block.body);
        }
        item_ = outer;
    }

    Value evaluate(const Expression& expression) {
        switch (expression.kind) {
            case Expression::Kind::text: return text_of(expression.text);
            case Expression::Kind::field: return text_of(expression.text == "key" ? item_->first : item_->second);
            case Expression::Kind::reference: {
                Found found = sources_.find(expression.reference);
                return {found.state, std::move(found.state == State::present ? found.text : found.what)};
            }
            case Expression::Kind::call: return call(expression);
        }
        return {};
    }

    Value call(const Expression& expression) {
        const auto& arguments = expression.arguments;
        switch (expression.call) {
            case Call::either: return first(arguments, true);
            case Call::both: return first(arguments, false);
            case Call::negate: {
                const Value value = evaluate(arguments[0]);
                return value.state == State::unknown ? value : truth(!holds(value));
            }
            case Call::equal: return compare(arguments, true);
            case Call::differ: return compare(arguments, false);
            default: break;
        }
        Value value = evaluate(arguments[0]);
        if (value.state != State::present) return value;
        switch (expression.call) {
            case Call::json: value.text = to_json(value.text); break;
            case Call::upper: value.text = to_upper(std::move(value.text)); break;
            case Call::lower: value.text = to_lower(std::move(value.text)); break;
            default: value.text = trimmed(value.text); break;
        }
        return value;
    }

    // The first that holds, or does not, and the last of all.
    Value first(const std::vector<Expression>& arguments, bool wanted) {
        Value value;
        for (const Expression& argument : arguments) {
            value = evaluate(argument);
            if (value.state == State::unknown || holds(value) == wanted) return value;
        }
        return value;
    }

    // What is absent equals the empty text.
    Value compare(const std::vector<Expression>& arguments, bool wanted) {
        Value values[2] = {evaluate(arguments[0]), evaluate(arguments[1])};
        for (Value& value : values) {
            if (value.state == State::unknown) return value;
            if (value.state == State::absent) value.text.clear();
        }
        return truth((values[0].text == values[1].text) == wanted);
    }

    const Sources& sources_;
    const Item* item_ = nullptr;  // of the innermost range
    std::size_t steps_ = 0;
    std::string error_;
    Rendered out_;
};

}  // namespace

Result<Rendered> render(const Program& program, const Sources& sources) { return Renderer(sources).run(program); }

}  // namespace drover::templating
