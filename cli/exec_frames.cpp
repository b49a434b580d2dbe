#include "cli/exec_frames.hpp"

#include <cstdio>

#include "cli/json.hpp"

namespace drover::cli {
namespace {

constexpr std::size_t kMaxLine = 4096;
constexpr unsigned long long kMaxPiece = 64 << 10;

}  // namespace

Result<void> ExecFrames::feed(std::string_view bytes) {
    left_.append(bytes);
    std::string_view rest = left_;
    while (!rest.empty()) {
        const auto whole = take_one(rest);
        if (!whole) return tl::unexpected(whole.error());
        if (!*whole) break;
    }
    left_.erase(0, left_.size() - rest.size());
    return {};
}

// False when it is not all there yet.
Result<bool> ExecFrames::take_one(std::string_view& rest) {
    const auto senseless = [] { return fail(ErrorKind::corrupt, "the gateway's answer makes no sense"); };
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos && rest.size() < kMaxLine) return false;
    if (end == std::string_view::npos || end > kMaxLine) return senseless();
    const std::string line(rest.substr(0, end));
    unsigned long long number = 0, size = 0;
    char stream[8] = "";
    if (line == "beat") {
        rest.remove_prefix(end + 1);
        return true;
    }
    if (line.starts_with("end ")) {
        const Json json = Json::parse(line.substr(4), nullptr, false);
        if (!json.is_object() || !json.contains("code") || !json["code"].is_number_integer()) return senseless();
        const bool told = json.contains("error") && json["error"].is_string();
        end_ = ExecEnd{json["code"].get<int>(), told ? json["error"].get<std::string>() : ""};
        rest.remove_prefix(end + 1);
        return true;
    }
    if (std::sscanf(line.c_str(), "out %20llu %6llu %7s", &number, &size, stream) != 3 || size > kMaxPiece)
        return senseless();
    if (rest.size() - end - 1 < size) return false;
    const std::string_view bytes = rest.substr(end + 1, size);
    rest.remove_prefix(end + 1 + size);
    if (number <= heard_) return true;
    if (number != heard_ + 1) return senseless();
    heard_ = number;
    take_(stream, bytes);
    return true;
}

}  // namespace drover::cli
