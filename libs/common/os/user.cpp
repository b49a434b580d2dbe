#include "os/user.hpp"

#include <grp.h>
#include <pwd.h>

#include <cerrno>

namespace drover::os {

Result<User> find_user(const std::string& name) {
    std::vector<char> buffer(4096);
    passwd entry{};
    passwd* found = nullptr;
    int code = 0;
    while ((code = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found)) == ERANGE) {
        if (buffer.size() > (1U << 20)) break;
        buffer.resize(buffer.size() * 2);
    }
    if (code != 0 && code != ENOENT && code != ESRCH) return fail_errno("cannot look up the user " + name, code);
    if (found == nullptr) {
        return fail(ErrorKind::not_found,
                    "there is no user \"" + name + "\" on this node; create it or change the task");
    }
    User user{entry.pw_uid, entry.pw_gid, {}, entry.pw_dir};
    int count = 64;
    user.groups.resize(static_cast<std::size_t>(count));
    if (::getgrouplist(name.c_str(), entry.pw_gid, user.groups.data(), &count) < 0) {
        user.groups.resize(static_cast<std::size_t>(count));
        ::getgrouplist(name.c_str(), entry.pw_gid, user.groups.data(), &count);
    }
    // Never longer than what was filled in: a pre-sized list would carry group 0.
    user.groups.resize(static_cast<std::size_t>(count));
    return user;
}

}  // namespace drover::os
