#include "driver-manager/fetch/request/request.hpp"

#include <charconv>
#include <set>

namespace drover::fetch {

namespace {

constexpr std::size_t kMaxRequest = 256 << 10;
constexpr std::string_view kHeader = "header:";
constexpr const char* kModes[] = {"any", "file", "dir"};

class Writer {
   public:
    void add(std::string_view name, std::string_view value) {
        text_.append(name).append(1, '=').append(value.substr(0, value.find('\0'))).append(1, '\0');
    }
    std::string take() { return std::move(text_); }

   private:
    std::string text_;
};

bool read(std::string_view text, std::uint64_t& to) {
    const char* const end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data(), end, to);
    return code == std::errc() && stop == end;
}

bool read(std::string_view text, Duration& to) {
    std::uint64_t ns = 0;
    if (!read(text, ns) || ns > static_cast<std::uint64_t>(hours(24 * 365).ns)) return false;
    to.ns = static_cast<std::int64_t>(ns);
    return true;
}

bool read(std::string_view text, bool& to) {
    to = text == "1";
    return to || text == "0";
}

bool read(std::string_view text, Mode& to) {
    for (int i = 0; i < 3; ++i) {
        if (text != kModes[i]) continue;
        to = static_cast<Mode>(i);
        return true;
    }
    return false;
}

// False: no such name, or no such value.
bool set(Request& request, std::string_view name, std::string_view value) {
    if (name.starts_with(kHeader)) {
        request.headers[std::string(name.substr(kHeader.size()))] = value;
        return name.size() > kHeader.size();
    }
    if (name == "mode") return read(value, request.mode);
    if (name == "names_file") return read(value, request.names_file);
    if (name == "max_bytes") return read(value, request.max_bytes);
    if (name == "max_entries") return read(value, request.max_entries);
    if (name == "time_ns") return read(value, request.time);
    std::string* text = name == "source"        ? &request.source
                        : name == "destination" ? &request.destination
                        : name == "checksum"    ? &request.checksum
                        : name == "id"          ? &request.id
                                                : nullptr;
    if (text != nullptr) *text = value;
    return text != nullptr;
}

}  // namespace

std::string encode(const Request& request) {
    Writer out;
    out.add("source", request.source);
    out.add("destination", request.destination);
    out.add("checksum", request.checksum);
    out.add("mode", kModes[static_cast<int>(request.mode)]);
    out.add("names_file", request.names_file ? "1" : "0");
    out.add("id", request.id);
    out.add("max_bytes", std::to_string(request.max_bytes));
    out.add("max_entries", std::to_string(request.max_entries));
    out.add("time_ns", std::to_string(request.time.ns));
    for (const auto& [name, value] : request.headers) out.add(std::string(kHeader) + name, value);
    return out.take();
}

Result<Request> decode(std::string_view bytes) {
    if (bytes.size() > kMaxRequest) return fail(ErrorKind::invalid, "the request is larger than 256 KiB");
    Request request;
    std::set<std::string_view> seen;
    while (!bytes.empty()) {
        const std::size_t end = bytes.find('\0');
        const std::string_view entry = bytes.substr(0, end);
        const std::size_t split = entry.find('=');
        if (end == std::string_view::npos || split == std::string_view::npos)
            return fail(ErrorKind::invalid, "the request has an entry that is not complete");
        bytes.remove_prefix(end + 1);
        const std::string_view name = entry.substr(0, split);
        // Not the value: it may be a secret.
        if (!seen.insert(name).second || !set(request, name, entry.substr(split + 1)))
            return fail(ErrorKind::invalid, "the request's entry \"" + std::string(name.substr(0, 64)) + "\" is wrong");
    }
    if (request.source.empty() || request.id.empty())
        return fail(ErrorKind::invalid, "the request names no source or no id");
    return request;
}

std::string marker(const Request& request) {
    const std::string_view first = std::string_view(request.destination).substr(0, request.destination.find('/'));
    return (first == "secrets" ? "secrets/.artifact-" : ".artifact-") + request.id;
}

}  // namespace drover::fetch
