#include "secret/tokens.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <set>
#include <sstream>

#include "digest/sha256.hpp"
#include "os/files.hpp"

namespace drover::secret {
namespace {

constexpr std::size_t kTokenBytes = 32;
constexpr std::size_t kHashDigits = 2 * crypto_hash_sha256_BYTES;
constexpr std::size_t kMaxTokenFile = 2 << 20;  // bytes
constexpr std::size_t kMaxTokenName = 64;
constexpr TokenRole kTokenRoles[] = {TokenRole::read, TokenRole::submit, TokenRole::admin};

bool is_hash(std::string_view text) {
    return text.size() == kHashDigits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<TokenHolder> parse_holder(const std::string& line) {
    std::istringstream words(line);
    std::string role, more;
    TokenHolder holder;
    words >> holder.hash >> role >> holder.name >> more;
    const auto known = parse_token_role(role);
    if (!is_hash(holder.hash))
        return fail(ErrorKind::invalid, "expected the SHA-256 of a token, 64 lower-case hex digits");
    if (!known) return fail(ErrorKind::invalid, "expected a role, read, submit or admin, behind the hash");
    if (!is_token_name(holder.name) || !more.empty())
        return fail(ErrorKind::invalid, "expected one name behind the role: letters, digits and -_.@");
    holder.role = *known;
    return holder;
}

}  // namespace

std::string_view to_string(TokenRole role) {
    switch (role) {
        case TokenRole::read: return "read";
        case TokenRole::submit: return "submit";
        case TokenRole::admin: return "admin";
    }
    return "?";
}

std::optional<TokenRole> parse_token_role(std::string_view word) {
    for (const TokenRole role : kTokenRoles)
        if (word == to_string(role)) return role;
    return std::nullopt;
}

bool is_token_name(std::string_view name) {
    const auto good = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view("-_.@").find(c) != std::string_view::npos;
    };
    return !name.empty() && name.size() <= kMaxTokenName && std::all_of(name.begin(), name.end(), good);
}

Result<std::vector<TokenHolder>> parse_tokens(std::string_view text, const std::string& path) {
    std::vector<TokenHolder> holders;
    std::set<std::string> names;
    for (int number = 1; !text.empty(); ++number) {
        std::string line(text.substr(0, text.find('\n')));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        line.erase(line.find_last_not_of(" \t\r") + 1);
        if (line.empty() || line.front() == '#') continue;
        const std::string where = path + ":" + std::to_string(number) + ": ";
        auto holder = parse_holder(line);
        if (!holder) return fail(ErrorKind::invalid, where + holder.error().message);
        if (!names.insert(holder->name).second)
            return fail(ErrorKind::invalid, where + "the name " + holder->name + " is given twice; keep one");
        holders.push_back(std::move(*holder));
        if (holders.size() > kMaxTokens) return fail(ErrorKind::invalid, where + "a list has at most 10000 tokens");
    }
    return holders;
}

std::string token_line(const TokenHolder& holder) {
    return holder.hash + " " + std::string(to_string(holder.role)) + " " + holder.name + "\n";
}

Result<std::vector<TokenHolder>> read_tokens(const std::string& file) {
    if (auto good = os::check_private(file, "the list of tokens"); !good) return tl::unexpected(good.error());
    const auto text = os::read_file(file, kMaxTokenFile);
    if (!text) return tl::unexpected(text.error());
    return parse_tokens(*text, file);
}

const TokenHolder* find_token(const std::vector<TokenHolder>& holders, std::string_view token) {
    const std::string hash = hash_token(token.substr(0, kMaxToken));
    const TokenHolder* found = nullptr;
    for (const TokenHolder& holder : holders)
        if (sodium_memcmp(holder.hash.data(), hash.data(), kHashDigits) == 0) found = &holder;
    return token.size() <= kMaxToken ? found : nullptr;
}

std::string hash_token(std::string_view token) { return digest::sha256(token); }

Result<std::string> make_token() {
    if (sodium_init() < 0)
        return fail(ErrorKind::io, "cannot make a token: libsodium found no source of random numbers");
    std::array<unsigned char, kTokenBytes> bytes{};
    randombytes_buf(bytes.data(), bytes.size());
    constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    std::array<char, sodium_base64_ENCODED_LEN(kTokenBytes, kVariant)> text{};
    sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), kVariant);
    return "drover_" + std::string(text.data());
}

}  // namespace drover::secret
