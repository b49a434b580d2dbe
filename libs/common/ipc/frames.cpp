#include "ipc/frames.hpp"

namespace drover::ipc {

namespace {
constexpr std::size_t kHead = 4;
}

std::string frame(std::string_view message) {
    std::string out;
    for (unsigned shift = 32; shift > 0; shift -= 8) out += static_cast<char>(message.size() >> (shift - 8) & 0xFF);
    return out.append(message);
}

Result<std::optional<std::string>> Frames::next() {
    if (bytes_.size() < kHead) return std::nullopt;
    std::size_t size = 0;
    for (std::size_t i = 0; i < kHead; ++i) size = size << 8 | static_cast<unsigned char>(bytes_[i]);
    if (size == 0 || size > kMaxFrame)
        return fail(ErrorKind::invalid, "a message of " + std::to_string(size) + " bytes; it has to have 1 to " +
                                            std::to_string(kMaxFrame));
    if (bytes_.size() < kHead + size) return std::nullopt;
    std::string message = bytes_.substr(kHead, size);
    bytes_.erase(0, kHead + size);
    return message;
}

}  // namespace drover::ipc
