#include "driver-manager/shell/fence.hpp"

#include <charconv>
#include <cstdio>

#include "host/log.hpp"
#include "os/files.hpp"

namespace drover::driver_manager {

Result<std::uint64_t> Fence::load() {
    const Result<std::string> text = os::read_file(path_, 64);
    if (!text && text.error().kind == ErrorKind::not_found) return 0;
    if (!text) return tl::unexpected(text.error());
    const char* const end = text->data() + text->size();
    const auto [stop, code] = std::from_chars(text->data(), end, term_);
    if (code == std::errc() && stop != end && *stop == '\n') return term_;
    term_ = 0;
    const std::string aside = path_ + ".damaged";
    if (std::rename(path_.c_str(), aside.c_str()) != 0)
        return fail(ErrorKind::corrupt, path_ + " is damaged: remove it");
    log::warn("set aside what said whom to obey no more", {{"file", aside}});
    return 0;
}

Result<void> Fence::raise(std::uint64_t term) {
    if (term <= term_) return {};
    const auto written = os::write_file_atomic(path_, std::to_string(term) + "\n", 0600, os::Durable::yes);
    if (written) term_ = term;
    return written;
}

}  // namespace drover::driver_manager
