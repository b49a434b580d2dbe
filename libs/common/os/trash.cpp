#include "os/trash.hpp"

#include <cerrno>
#include <cstdio>

#include "base/hash.hpp"
#include "os/files.hpp"

namespace drover::os {

std::string trash_of(const std::string& root) { return root + "/.trash"; }

Result<void> move_to_trash(const std::string& root, const std::string& path) {
    const std::string trash = trash_of(root);
    if (const Result<bool> made = make_dir(trash, 0700); !made) return tl::unexpected(made.error());
    const std::string to = trash + "/" + random_hex(16);
    if (::rename(path.c_str(), to.c_str()) == 0 || errno == ENOENT) return {};
    return fail_errno("cannot move " + path + " to " + trash, errno);
}

}  // namespace drover::os
