// Result<T>: a value or an Error. Errors carry one sentence a user can act on: what failed, on which object, why, what
// to do about it.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace drover {

enum class ErrorKind { invalid, not_found, conflict, refused, unavailable, corrupt, io };

// "invalid", "not_found", ... : stable words for JSON and logs.
const char* to_string(ErrorKind kind);

struct Error {
    ErrorKind kind = ErrorKind::io;
    std::string message;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorKind kind, std::string message) {
    return tl::unexpected<Error>(Error{kind, std::move(message)});
}

// The error with the text of errno `code` behind `what`: "cannot open /x: No such file or directory".
tl::unexpected<Error> fail_errno(std::string what, int code);

}  // namespace drover
