// drover keys init DIR
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>

#include "bus/curve.hpp"
#include "cli/token_list.hpp"
#include "cli/verb.hpp"
#include "os/files.hpp"
#include "secret/key_files.hpp"
#include "secret/tokens.hpp"

namespace drover::cli {
namespace {

constexpr uid_t kSameOwner = static_cast<uid_t>(-1);  // as chown takes it

struct Holder {
    const char* name;
    bus::Role role;
    bool owned;  // by whoever --owner names; the others stay with root
};

constexpr Holder kHolders[] = {{"state-store", bus::Role::service, true},
                               {"alloc-runner", bus::Role::service, true},
                               {"driver-manager", bus::Role::service, false},
                               {"gateway", bus::Role::submit, true},
                               {"tap", bus::Role::tap, false}};

struct KeyOptions {
    std::string dir;
    std::string owner;  // a user's number
};

Result<void> make_dir(const std::string& path, mode_t mode) {
    const auto made = os::make_dir(path, mode);
    return made ? Result<void>() : Result<void>(tl::unexpected(made.error()));
}

Result<void> give(const std::string& path, uid_t owner) {
    if (::chown(path.c_str(), owner, owner) == 0) return {};
    return fail_errno("cannot give " + path + " to user " + std::to_string(owner), errno);
}

// What is there stays: a new key would lock out whoever has the old one.
Result<void> make_pair(const std::string& dir, const Holder& holder, uid_t owner) {
    const std::string own = dir + "/" + holder.name;
    const std::string secret = own + "/curve.key";
    const std::string open = dir + "/public/" + holder.name + ".pub";
    if (auto made = make_dir(own, 0700); !made) return made;
    if (os::exists(secret) != os::exists(open))
        return fail(ErrorKind::refused, "of the pair " + secret + " and " + open +
                                            " only one is there; restore the other, or remove both for a new pair");
    if (!os::exists(secret)) {
        const bus::CurveConfig keys = bus::make_curve_keys();
        if (auto done = os::write_file_atomic(secret, keys.secret_key + "\n", 0600, os::Durable::yes); !done)
            return done;
        if (auto done = os::write_file_atomic(open, keys.public_key + "\n", 0644, os::Durable::yes); !done) return done;
    }
    if (!holder.owned) owner = kSameOwner;
    if (auto given = give(own, owner); !given) return given;
    return give(secret, owner);
}

// Lines that somebody added stay.
Result<void> list_peers(const std::string& dir) {
    const std::string path = dir + "/public/peers";
    std::string text =
        os::read_file(path, 256 << 10).value_or("# Who may connect: key, role (service, submit or tap), name.\n");
    for (const Holder& holder : kHolders) {
        auto key = os::read_file(dir + "/public/" + holder.name + ".pub", 256);
        if (!key) return tl::unexpected(key.error());
        key->erase(key->find_last_not_of(" \r\n") + 1);
        if (text.find(*key) == std::string::npos)
            text += *key + " " + std::string(to_string(holder.role)) + " " + holder.name + "\n";
    }
    return os::write_file_atomic(path, text, 0644, os::Durable::yes);
}

// The list of who may use the gateway, with one token in it, and that token. One that was taken away stays so.
Result<void> make_tokens(const std::string& dir, uid_t owner) {
    const std::string list = dir + "/gateway/tokens";
    const std::string file = dir + "/admin.token";
    if (os::exists(list)) return {};
    auto token = os::exists(file) ? os::read_file(file, 256) : secret::make_token();
    if (!token) return tl::unexpected(token.error());
    token->erase(token->find_last_not_of(" \r\n") + 1);
    if (auto done = os::write_file_atomic(file, *token + "\n", 0600, os::Durable::yes); !done) return done;
    const std::string text =
        kTokenListHead + secret::token_line({secret::hash_token(*token), secret::TokenRole::admin, "admin"});
    if (auto done = os::write_file_atomic(list, text, 0600, os::Durable::yes); !done) return done;
    return give(list, owner);
}

Result<void> make_keys(const std::string& dir, uid_t owner) {
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(dir).parent_path(), ignored);
    for (const std::string& path : {dir, dir + "/public"})
        if (auto made = make_dir(path, 0755); !made) return made;
    for (const Holder& holder : kHolders)
        if (auto made = make_pair(dir, holder, owner); !made) return made;
    if (auto made = secret::make_key_files(dir + "/public/secrets.pub", dir + "/driver-manager/secrets.key"); !made)
        return made;
    if (auto made = make_tokens(dir, owner); !made) return made;
    return list_peers(dir);
}

int init(const Session& session, const KeyOptions& options) {
    uid_t owner = kSameOwner;
    if (!options.owner.empty()) {
        const char* const end = options.owner.data() + options.owner.size();
        if (std::from_chars(options.owner.data(), end, owner).ptr != end)
            return session.fail(Error{ErrorKind::invalid, "--owner takes the number of a user, as 64646"});
    }
    const std::string dir = std::filesystem::path(options.dir).lexically_normal().string();
    if (const auto made = make_keys(dir, owner); !made) return session.fail(made.error());
    if (session.print_json(Json{{"dir", dir}, {"peers", dir + "/public/peers"}, {"token_file", dir + "/admin.token"}}))
        return kOk;
    session.out("The keys are in " + dir +
                ": one directory for each service and for a monitor (tap), which only its owner may "
                "read,\nand public/, with all public keys and the list of who may connect. "
                "admin.token is what the gateway\nasks for: DROVER_TOKEN_FILE=" +
                dir + "/admin.token\n");
    return kOk;
}

}  // namespace

void add_keys_init(CLI::App& keys, Session& session) {
    const auto options = std::make_shared<KeyOptions>();
    CLI::App* verb = add_verb(
        keys, session, "init",
        "make the keys that services know each other by, and a token for the gateway, as far as they are missing",
        "drover keys init /etc/drover/keys", [&session, options] { return init(session, *options); });
    verb->add_option("DIR", options->dir, "where to keep them; made when it is not there")->required()->type_name("");
    verb->add_option("--owner", options->owner,
                     "number of the user that the services run as which need not be root, as in a container")
        ->type_name("UID");
}

}  // namespace drover::cli
