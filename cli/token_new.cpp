// drover token new NAME --role ROLE --file FILE
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "cli/token_list.hpp"
#include "cli/verb.hpp"
#include "os/files.hpp"
#include "secret/tokens.hpp"

namespace drover::cli {
namespace {

constexpr std::size_t kMaxList = 2 << 20;  // bytes

struct TokenOptions {
    std::string name;
    std::string role = "submit";
    std::string file;
};

// The list stays whose it was; a new one belongs to whom its directory does: to who has to read it.
Result<void> replace_list(const std::string& file, const std::string& text) {
    const std::string dir = std::filesystem::absolute(file).parent_path().string();
    struct stat before {};
    if (::stat(os::exists(file) ? file.c_str() : dir.c_str(), &before) != 0)
        return fail_errno("cannot write " + file, errno);
    if (auto done = os::write_file_atomic(file, text, 0600, os::Durable::yes); !done) return done;
    if (::chown(file.c_str(), before.st_uid, before.st_gid) == 0) return {};
    return fail_errno("cannot give " + file + " to user " + std::to_string(before.st_uid), errno);
}

// As the gateway will read it, or not at all.
Result<void> add_to_list(const std::string& file, const secret::TokenHolder& holder) {
    std::string text = kTokenListHead;
    if (os::exists(file)) {
        if (auto good = secret::read_tokens(file); !good) return tl::unexpected(good.error());
        auto known = os::read_file(file, kMaxList);
        if (!known) return tl::unexpected(known.error());
        text = std::move(*known);
        if (!text.empty() && text.back() != '\n') text += '\n';
    }
    text += secret::token_line(holder);
    if (auto good = secret::parse_tokens(text, file); !good) return tl::unexpected(good.error());
    return replace_list(file, text);
}

int make_new(const Session& session, const TokenOptions& options) {
    const auto role = secret::parse_token_role(options.role);
    if (!role || !secret::is_token_name(options.name))
        return session.fail(Error{ErrorKind::invalid, "a name has up to 64 letters, digits and -_.@"});
    const auto token = secret::make_token();
    if (!token) return session.fail(token.error());
    const secret::TokenHolder holder{secret::hash_token(*token), *role, options.name};
    if (const auto added = add_to_list(options.file, holder); !added) return session.fail(added.error());
    if (session.print_json(Json{{"name", options.name}, {"role", options.role}, {"token", *token}})) return kOk;
    session.err("The token of " + options.name +
                ", which is shown only now; the gateway takes it from its next "
                "SIGHUP or start on:\n");
    session.out(*token + "\n");
    return kOk;
}

}  // namespace

void add_token_new(CLI::App& token, Session& session) {
    const auto options = std::make_shared<TokenOptions>();
    CLI::App* verb = add_verb(token, session, "new", "make a token for the gateway, and print it once",
                              "drover token new alice --role submit --file /etc/drover/tokens > alice.token",
                              [&session, options] { return make_new(session, *options); });
    verb->add_option("NAME", options->name, "whose it is: what is recorded of who did what")->required()->type_name("");
    verb->add_option("--role", options->role,
                     "read (look at everything), submit (change what runs, too) or admin (nodes and the database, too)")
        ->check(CLI::IsMember({"read", "submit", "admin"}))
        ->type_name("ROLE");
    verb->add_option("--file", options->file,
                     "the gateway's list, http_tokens_file; made when it is not there. It holds hashes, no tokens")
        ->required()
        ->type_name("FILE");
}

}  // namespace drover::cli
