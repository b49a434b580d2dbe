#include "driver-manager/fetch/checksum.hpp"

#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

namespace drover::fetch {

namespace {

std::string to_hex(const unsigned char* bytes, std::size_t size) {
    std::string out(size * 2 + 1, '\0');
    sodium_bin2hex(out.data(), out.size(), bytes, size);
    out.pop_back();
    return out;
}

template <class Update>
Result<void> read_all(int file, Update update) {
    std::vector<unsigned char> chunk(256 << 10);
    for (off_t at = 0;;) {
        const ssize_t n = ::pread(file, chunk.data(), chunk.size(), at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno("cannot read the download", errno);
        if (n == 0) return {};
        update(chunk.data(), static_cast<unsigned long long>(n));
        at += n;
    }
}

Result<std::string> sha256(int file) {
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    const auto done = read_all(file, [&](const unsigned char* bytes, unsigned long long size) {
        crypto_hash_sha256_update(&state, bytes, size);
    });
    if (!done) return tl::unexpected(done.error());
    std::array<unsigned char, crypto_hash_sha256_BYTES> out{};
    crypto_hash_sha256_final(&state, out.data());
    return to_hex(out.data(), out.size());
}

Result<std::string> sha512(int file) {
    crypto_hash_sha512_state state;
    crypto_hash_sha512_init(&state);
    const auto done = read_all(file, [&](const unsigned char* bytes, unsigned long long size) {
        crypto_hash_sha512_update(&state, bytes, size);
    });
    if (!done) return tl::unexpected(done.error());
    std::array<unsigned char, crypto_hash_sha512_BYTES> out{};
    crypto_hash_sha512_final(&state, out.data());
    return to_hex(out.data(), out.size());
}

}  // namespace

Result<Digest> parse_checksum(const std::string& text) {
    if (text.empty()) return Digest{};
    const std::size_t colon = text.find(':');
    const std::string kind = text.substr(0, colon);
    Digest digest;
    digest.bits = kind == "sha256" ? 256 : kind == "sha512" ? 512 : 0;
    if (colon != std::string::npos) digest.hex = text.substr(colon + 1);
    for (char& c : digest.hex) c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool good = digest.hex.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (digest.bits != 0 && good && digest.hex.size() == digest.bits / 4) return digest;
    return fail(ErrorKind::invalid,
                "the checksum is wrong; write sha256: with 64 hex digits or sha512: with 128 behind it");
}

Result<void> check(int file, const Digest& digest) {
    if (digest.bits == 0) return {};
    const Result<std::string> is = digest.bits == 256 ? sha256(file) : sha512(file);
    if (!is) return tl::unexpected(is.error());
    if (*is == digest.hex) return {};
    return fail(ErrorKind::corrupt, "its checksum is sha" + std::to_string(digest.bits) + ":" + *is +
                                        ", not the one that the job promises; correct the job or the source");
}

}  // namespace drover::fetch
