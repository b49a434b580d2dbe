#include "base/result.hpp"

#include <system_error>

namespace drover {

const char* to_string(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::invalid: return "invalid";
        case ErrorKind::not_found: return "not_found";
        case ErrorKind::conflict: return "conflict";
        case ErrorKind::refused: return "refused";
        case ErrorKind::unavailable: return "unavailable";
        case ErrorKind::corrupt: return "corrupt";
        case ErrorKind::io: return "io";
    }
    return "io";
}

tl::unexpected<Error> fail_errno(std::string what, int code) {
    return fail(code == ENOENT ? ErrorKind::not_found : ErrorKind::io,
                std::move(what) + ": " + std::generic_category().message(code));
}

}  // namespace drover
