#include "bus/recording.hpp"

#include <array>
#include <filesystem>

#include "wire/codec.hpp"

namespace drover::bus {
namespace {

constexpr std::string_view kMagic = "drover-tap 1\n";
constexpr std::size_t kMaxTopic = 512;
constexpr std::size_t kHead = 16;

void put(char* out, std::uint64_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) out[i] = static_cast<char>(value >> (8 * i));
}

std::uint64_t get(const char* in, std::size_t bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value |= std::uint64_t{static_cast<unsigned char>(in[i])} << (8 * i);
    return value;
}

bool read_exactly(std::istream& in, char* out, std::size_t size) {
    in.read(out, static_cast<std::streamsize>(size));
    return static_cast<std::size_t>(in.gcount()) == size;
}

}  // namespace

Result<Recorder> Recorder::create(const std::string& path) {
    std::error_code none;
    if (const auto size = std::filesystem::file_size(path, none); !none && size > 0) {
        return fail(ErrorKind::invalid, "cannot record to " + path + ": it exists; name a new file or remove it");
    }
    std::ofstream out(path, std::ios::binary);
    out << kMagic << std::flush;
    if (!out) return fail(ErrorKind::unavailable, "cannot record to " + path + ": it cannot be written");
    return Recorder(path, std::move(out));
}

Result<void> Recorder::add(const Heard& heard) {
    std::array<char, kHead> head;
    put(head.data(), static_cast<std::uint64_t>(heard.at.ns), 8);
    put(head.data() + 8, heard.topic.size(), 4);
    put(head.data() + 12, heard.payload.size(), 4);
    out_.write(head.data(), kHead);
    out_ << heard.topic << heard.payload << std::flush;
    if (!out_) return fail(ErrorKind::unavailable, "cannot record to " + path_ + ": is its disk full?");
    return {};
}

Result<Recording> Recording::open(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return fail(ErrorKind::not_found, "cannot read " + path + ": there is no such file, or it is not yours");
    std::string magic(kMagic.size(), '\0');
    if (!read_exactly(in, magic.data(), magic.size()) || magic != kMagic) {
        return fail(ErrorKind::invalid, path + " is no recording: `drover tap --record FILE` makes one");
    }
    return Recording(path, std::move(in));
}

Result<bool> Recording::next(Heard& heard) {
    if (in_.peek() == std::ifstream::traits_type::eof()) return false;
    const auto broken = [this](const std::string& why) {
        return fail(ErrorKind::invalid, path_ + ": " + why + " after " + std::to_string(read_) + " messages");
    };
    std::array<char, kHead> head;
    if (!read_exactly(in_, head.data(), kHead)) return broken("it is cut off");
    heard.at = Instant{static_cast<std::int64_t>(get(head.data(), 8))};
    const std::size_t topic = get(head.data() + 8, 4);
    const std::size_t payload = get(head.data() + 12, 4);
    if (topic > kMaxTopic || payload > wire::kMaxMessage) return broken("it is damaged");
    heard.topic.resize(topic);
    heard.payload.resize(payload);
    if (!read_exactly(in_, heard.topic.data(), topic) || !read_exactly(in_, heard.payload.data(), payload)) {
        return broken("it is cut off");
    }
    ++read_;
    return true;
}

}  // namespace drover::bus
