#include "templating/fuzz.hpp"

#include "base/check.hpp"
#include "templating/render.hpp"

namespace drover::templating {
namespace {

// Answers by the reference's own name, so that every state occurs.
class Echo : public Sources {
   public:
    Found find(const Reference& reference) const override {
        const State state = static_cast<State>(reference.name.size() % 3);
        return {state, reference.name, {{"a", "1"}, {"b", reference.name}}, describe(reference)};
    }
};

}  // namespace

int fuzz_template(const std::uint8_t* data, std::size_t size) {
    const auto program = compile({reinterpret_cast<const char*>(data), size});
    if (!program) {
        CHECK(program.error().line > 0 && program.error().column > 0 && !program.error().message.empty());
        return 0;
    }
    const auto rendered = render(*program, Echo());
    if (!rendered) return 0;
    CHECK(rendered->text.size() <= kMaxOutput);
    CHECK(rendered->missing.size() <= kMaxNamed && rendered->unknown.size() <= kMaxNamed);
    CHECK(rendered->unknown.empty() || !program->references.empty());
    return 0;
}

}  // namespace drover::templating
