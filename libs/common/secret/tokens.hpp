// Tokens: what users of the HTTP API show to be let in. A list has their hashes. A token is 256 random bits, so a plain
// SHA-256 of it cannot be turned back by guessing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace drover::secret {

// Each may do what those before it may.
enum class TokenRole {
    read,    // look at everything
    submit,  // change what runs: jobs, allocs, variables, commands beside tasks
    admin,   // change where it runs: nodes, garbage, the database
};

std::string_view to_string(TokenRole role);
std::optional<TokenRole> parse_token_role(std::string_view word);

struct TokenHolder {
    std::string hash;  // 64 lower-case hex digits
    TokenRole role = TokenRole::read;
    std::string name;

    friend bool operator==(const TokenHolder&, const TokenHolder&) = default;
};

inline constexpr std::size_t kMaxToken = 256;  // bytes
inline constexpr std::size_t kMaxTokens = 10'000;

// Lines of a hash, a role and a name; empty ones and those that begin with # do not count. `path` is for messages,
// which never hold what a line says.
Result<std::vector<TokenHolder>> parse_tokens(std::string_view text, const std::string& path);
std::string token_line(const TokenHolder& holder);

// A file that others than its owner can read is refused.
Result<std::vector<TokenHolder>> read_tokens(const std::string& file);

// Whose it is; null: nobody's. Takes as long whatever it is like.
const TokenHolder* find_token(const std::vector<TokenHolder>& holders, std::string_view token);

// Letters, digits and -_.@, 1 to 64 of them.
bool is_token_name(std::string_view name);

std::string hash_token(std::string_view token);
Result<std::string> make_token();

}  // namespace drover::secret
