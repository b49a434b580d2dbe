#include "driver-manager/session/demux.hpp"

#include <algorithm>

namespace drover::session {
namespace {

constexpr std::size_t kHead = 8;

}  // namespace

Result<void> Demux::feed(std::string_view bytes) {
    while (!bytes.empty()) {
        if (left_ == 0) {
            const std::size_t missing = std::min(kHead - head_.size(), bytes.size());
            head_.append(bytes.substr(0, missing));
            bytes.remove_prefix(missing);
            if (head_.size() < kHead) return {};
            const auto number = static_cast<unsigned char>(head_[0]);
            if (number > 2 || head_[1] != 0 || head_[2] != 0 || head_[3] != 0)
                return fail(ErrorKind::corrupt, "the docker daemon sends output that is not made of frames");
            for (std::size_t i = 4; i < kHead; ++i) left_ = left_ << 8U | static_cast<unsigned char>(head_[i]);
            stream_ = number == 2 ? 1 : 0;
            head_.clear();
        }
        const std::string_view part = bytes.substr(0, left_);
        if (!part.empty()) take_(stream_, part);
        left_ -= static_cast<std::uint32_t>(part.size());
        bytes.remove_prefix(part.size());
    }
    return {};
}

}  // namespace drover::session
