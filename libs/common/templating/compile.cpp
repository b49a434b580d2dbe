#include <algorithm>
#include <optional>

#include "templating/program.hpp"
#include "templating/scanner.hpp"

namespace drover::templating {
namespace {

using Kind = Token::Kind;

// What ended a list of blocks.
struct Closer {
    enum class Kind { nothing, end, otherwise, otherwise_if };
    Kind kind = Kind::nothing;
    std::size_t at = 0;
    Expression condition;  // of "else if"
};

class Compiler {
   public:
    explicit Compiler(std::string_view text) : text_(text), scanner_(text) {}

    tl::expected<Program, Fault> run() {
        if (text_.size() > kMaxSource) complain(0, "the template is larger than 256 KiB");
        Program program;
        Closer closer;
        program.blocks = blocks(closer, 0);
        if (closer.kind == Closer::Kind::end) complain(closer.at, "this end closes nothing");
        if (closer.kind != Closer::Kind::nothing) complain(closer.at, "this else belongs to no if or range");
        if (fault_) return tl::unexpected(*fault_);
        std::sort(references_.begin(), references_.end());
        references_.erase(std::unique(references_.begin(), references_.end()), references_.end());
        program.references = std::move(references_);
        return program;
    }

   private:
    // The first fault ends everything.
    void complain(std::size_t at, std::string message, std::string nearest = "") {
        if (fault_) return;
        const std::string_view before = text_.substr(0, at);
        const std::size_t newline = before.rfind('\n');
        const std::size_t column = newline == std::string_view::npos ? at : at - newline - 1;
        fault_ = Fault{1 + static_cast<int>(std::count(before.begin(), before.end(), '\n')),
                       1 + static_cast<int>(column), std::move(message), std::move(nearest)};
        at_ = text_.size();
    }

    bool counted(std::size_t at, std::size_t depth) {
        if (++nodes_ > kMaxNodes) complain(at, "the template has more than 20000 parts");
        if (depth > kMaxDepth) complain(at, "the template is nested deeper than 32 levels");
        return !fault_;
    }

    Token take() {
        const Token token = scanner_.next(at_);
        if (token.kind == Kind::broken) complain(token.at, token.text);
        return token;
    }

    Token peek() const {
        std::size_t at = at_;
        return scanner_.next(at);
    }

    // The end of an action; what follows it is text again.
    void finish() {
        const Token token = take();
        if (token.kind == Kind::broken) return;
        if (token.kind != Kind::end) return complain(token.at, "expected }} here");
        if (token.trims) at_ = std::min(text_.find_first_not_of(kSpace, at_), text_.size());
    }

    // Everything up to the next action; false at the end of the template.
    bool text(std::vector<Block>& out) {
        const std::size_t open = std::min(text_.find("{{", at_), text_.size());
        std::string_view before = text_.substr(at_, open - at_);
        at_ = std::min(open + 2, text_.size());
        if (at_ < text_.size() && text_[at_] == '-') {
            ++at_;
            before = before.substr(0, before.find_last_not_of(kSpace) + 1);
        }
        if (!before.empty()) {
            out.emplace_back();
            out.back().text = before;
        }
        return open < text_.size();
    }

    bool comment(std::size_t begin) {
        const std::size_t slash = text_.find_first_not_of(kSpace, at_);
        if (slash == std::string_view::npos || !text_.substr(slash).starts_with("/*")) return false;
        const std::size_t end = text_.find("*/", slash + 2);
        if (end == std::string_view::npos) {
            complain(begin, "this comment has no */");
        } else {
            at_ = end + 2;
            finish();
        }
        return true;
    }

    std::vector<Block> blocks(Closer& closer, std::size_t depth) {
        std::vector<Block> out;
        while (!fault_ && text(out)) {
            const std::size_t begin = at_;
            if (comment(begin) || !counted(begin, depth)) continue;
            const Token first = peek();
            const bool word = first.kind == Kind::word;
            if (word && (first.text == "end" || first.text == "else")) {
                close(closer);
                return out;
            }
            out.emplace_back();
            if (word && first.text == "if") {
                take();
                branch(out.back(), first.at, depth);
            } else if (word && first.text == "range") {
                take();
                repeat(out.back(), first.at, depth);
            } else {
                out.back().kind = Block::Kind::print;
                out.back().expression = pipeline(depth);
                finish();
            }
        }
        return out;
    }

    void close(Closer& closer) {
        const Token word = take();
        closer.at = word.at;
        closer.kind = word.text == "end" ? Closer::Kind::end : Closer::Kind::otherwise;
        if (word.text == "else" && peek().text == "if" && peek().kind == Kind::word) {
            take();
            closer.kind = Closer::Kind::otherwise_if;
            closer.condition = pipeline(0);
        }
        finish();
    }

    void branch(Block& block, std::size_t at, std::size_t depth) {
        block.kind = Block::Kind::branch;
        block.expression = pipeline(depth);
        finish();
        rest_of_branch(block, at, depth);
    }

    void rest_of_branch(Block& block, std::size_t at, std::size_t depth) {
        if (!counted(at, depth)) return;
        Closer closer;
        block.body = blocks(closer, depth + 1);
        if (closer.kind == Closer::Kind::otherwise_if) {
            block.otherwise.emplace_back();
            block.otherwise.back().kind = Block::Kind::branch;
            block.otherwise.back().expression = std::move(closer.condition);
            return rest_of_branch(block.otherwise.back(), at, depth + 1);
        }
        if (closer.kind == Closer::Kind::otherwise) last_part(block, closer, depth);
        if (closer.kind != Closer::Kind::end) complain(at, "this if has no end");
    }

    void last_part(Block& block, Closer& closer, std::size_t depth) {
        closer = {};
        block.otherwise = blocks(closer, depth + 1);
        if (closer.kind == Closer::Kind::otherwise || closer.kind == Closer::Kind::otherwise_if) {
            complain(closer.at, "there is an else already");
        }
    }

    void repeat(Block& block, std::size_t at, std::size_t depth) {
        constexpr const char* kUsage = R"(a range goes over the items of a variable: range var "db/main")";
        const Token word = take();
        const Token path = take();
        if (word.text != "var" || path.kind != Kind::text) return complain(at, kUsage);
        block.kind = Block::Kind::repeat;
        block.expression = refer({Source::variable, path.text, ""});
        finish();
        Closer closer;
        ++ranges_;
        block.body = blocks(closer, depth + 1);
        --ranges_;
        if (closer.kind == Closer::Kind::otherwise) last_part(block, closer, depth);
        if (closer.kind != Closer::Kind::end) complain(at, "this range has no end");
    }

    Expression refer(Reference reference) {
        references_.push_back(reference);
        Expression out;
        out.kind = Expression::Kind::reference;
        out.reference = std::move(reference);
        return out;
    }

    // value | function more... : the value becomes the last argument.
    Expression pipeline(std::size_t depth) {
        const Token first = peek();
        if (first.kind == Kind::end) complain(first.at, "this action is empty");
        Expression value = first.kind == Kind::word ? call(depth, nullptr) : operand(depth);
        while (!fault_ && peek().kind == Kind::pipe) {
            take();
            if (const Token next = peek(); next.kind != Kind::word) {
                complain(next.at, "after | stands a function, as in | toJSON");
                break;
            }
            value = call(depth, &value);
        }
        return value;
    }

    Expression call(std::size_t depth, Expression* piped) {
        const Token name = take();
        if (!counted(name.at, depth)) return {};
        const Function* function = find_function(name.text);
        if (function == nullptr && (name.text == "true" || name.text == "false")) return literal(name.text);
        if (function == nullptr) {
            complain(name.at, "there is no function " + name.text, nearest_function(name.text));
            return {};
        }
        std::vector<Expression> arguments;
        for (Kind kind = peek().kind; !fault_ && kind != Kind::end && kind != Kind::close && kind != Kind::pipe;
             kind = peek().kind) {
            arguments.push_back(operand(depth + 1));
        }
        if (piped != nullptr) arguments.push_back(std::move(*piped));
        if (fault_) return {};
        if (arguments.size() < function->least || arguments.size() > function->most) {
            complain(name.at, "wrong number of arguments for " + name.text + "; write " + std::string(function->usage));
            return {};
        }
        return function->reads ? read(*function, name.at, arguments) : apply(*function, std::move(arguments));
    }

    static Expression literal(std::string text) {
        Expression out;
        out.text = std::move(text);
        return out;
    }

    static Expression apply(const Function& function, std::vector<Expression> arguments) {
        Expression out;
        out.kind = Expression::Kind::call;
        out.call = function.call;
        out.arguments = std::move(arguments);
        return out;
    }

    // What is read is known before anything is rendered, so that only changes of it matter.
    Expression read(const Function& function, std::size_t at, const std::vector<Expression>& arguments) {
        for (const Expression& argument : arguments) {
            if (argument.kind == Expression::Kind::text && !argument.text.empty()) continue;
            complain(at, std::string(function.name) + " takes texts in quotes: " + std::string(function.usage));
            return {};
        }
        const std::string& name = arguments[0].text;
        if (function.source == Source::node && name != "id" && name != "name") {
            complain(at, "of the node there are node \"id\" and node \"name\"; other facts are attr \"...\"");
        }
        return refer({function.source, name, arguments.size() > 1 ? arguments[1].text : ""});
    }

    Expression operand(std::size_t depth) {
        const Token token = take();
        if (!counted(token.at, depth)) return {};
        if (token.kind == Kind::text) return literal(token.text);
        if (token.kind == Kind::word && (token.text == "true" || token.text == "false")) return literal(token.text);
        if (token.kind == Kind::field) return field(token);
        if (token.kind == Kind::open) {
            Expression inner = pipeline(depth + 1);
            if (const Token end = take(); end.kind != Kind::close) complain(end.at, "expected ) here");
            return inner;
        }
        if (token.kind == Kind::word) {
            complain(token.at, "a function within an action stands in parentheses: (" + token.text + " ...)");
        } else {
            complain(token.at, "expected a text in quotes, .key, .value or (...) here");
        }
        return {};
    }

    Expression field(const Token& token) {
        if (ranges_ == 0) complain(token.at, "." + token.text + " has a meaning only within a range");
        if (token.text != "key" && token.text != "value") complain(token.at, "a range has .key and .value");
        Expression out;
        out.kind = Expression::Kind::field;
        out.text = token.text;
        return out;
    }

    std::string_view text_;
    Scanner scanner_;
    std::size_t at_ = 0;
    std::size_t nodes_ = 0;
    std::size_t ranges_ = 0;  // open around here
    std::vector<Reference> references_;
    std::optional<Fault> fault_;
};

}  // namespace

std::string describe(const Reference& reference) {
    switch (reference.source) {
        case Source::variable:
            if (reference.item.empty()) return "variable " + reference.name;
            return "item " + reference.item + " of variable " + reference.name;
        case Source::env: return "environment variable " + reference.name;
        case Source::file: return "file " + reference.name;
        case Source::attribute: return "node attribute " + reference.name;
        case Source::meta: return "meta " + reference.name;
        case Source::node: return "node " + reference.name;
    }
    return reference.name;
}

std::string to_string(const Fault& fault) {
    std::string out = "line " + std::to_string(fault.line) + ", column " + std::to_string(fault.column) + ": ";
    out += fault.message;
    if (!fault.nearest.empty()) out += "; did you mean " + fault.nearest + "?";
    return out;
}

tl::expected<Program, Fault> compile(std::string_view text) { return Compiler(text).run(); }

}  // namespace drover::templating
