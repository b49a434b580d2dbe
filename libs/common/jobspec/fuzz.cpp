#include "jobspec/fuzz.hpp"

#include <string_view>

#include "base/check.hpp"
#include "jobspec/parse.hpp"
#include "wire/codec.hpp"

namespace drover::jobspec {

int fuzz_jobspec(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const Parsed parsed = parse(text, "fuzz");
    CHECK(parsed.job.has_value() == parsed.problems.empty());
    CHECK(parsed.problems.size() <= kMaxProblems);
    if (parsed.job) {
        const std::string bytes = wire::encode(*parsed.job);
        CHECK(bytes.size() <= kMaxEncoded);
        CHECK(wire::decode<wire::JobSpec>(bytes).value() == *parsed.job);
    }
    return 0;
}

}  // namespace drover::jobspec
