#include "secret/seal.hpp"

#include <sodium.h>

#include <array>

namespace drover::secret {
namespace {

constexpr std::size_t kKeyBytes = crypto_box_PUBLICKEYBYTES;
static_assert(kKeyBytes == crypto_box_SECRETKEYBYTES);
using Key = std::array<unsigned char, kKeyBytes>;

bool ready() { return sodium_init() >= 0; }

tl::unexpected<Error> not_ready() {
    return fail(ErrorKind::io, "cannot seal or open secrets: libsodium found no source of random numbers");
}

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string to_hex(const Key& key) {
    std::array<char, 2 * kKeyBytes + 1> text{};
    sodium_bin2hex(text.data(), text.size(), key.data(), key.size());
    return text.data();
}

Result<Key> from_hex(const std::string& text, const char* what) {
    Key key{};
    std::size_t length = 0;
    if (text.size() == 2 * kKeyBytes &&
        sodium_hex2bin(key.data(), key.size(), text.data(), text.size(), nullptr, &length, nullptr) == 0 &&
        length == kKeyBytes) {
        return key;
    }
    return fail(ErrorKind::invalid, std::string("the ") + what + " key for secrets is not 64 hex digits");
}

Key derive_public(const Key& private_key) {
    Key key{};
    crypto_scalarmult_base(key.data(), private_key.data());
    return key;
}

}  // namespace

Result<KeyPair> make_keys() {
    if (!ready()) return not_ready();
    Key public_key{};
    Key private_key{};
    crypto_box_keypair(public_key.data(), private_key.data());
    return KeyPair{to_hex(public_key), to_hex(private_key)};
}

Result<std::string> seal(const std::string& public_key, std::string_view place, std::string_view value) {
    if (!ready()) return not_ready();
    const auto key = from_hex(public_key, "public");
    if (!key) return tl::unexpected(key.error());
    std::string plain = std::string(place) + '\n' + std::string(value);
    std::string sealed(plain.size() + crypto_box_SEALBYTES, '\0');
    const int done = crypto_box_seal(bytes(sealed), bytes(plain), plain.size(), key->data());
    wipe(plain);
    if (done != 0) return fail(ErrorKind::invalid, "the public key for secrets is unusable; make a new key pair");
    return sealed;
}

Result<std::string> open(const std::string& private_key, std::string_view place, std::string_view sealed) {
    if (!ready()) return not_ready();
    const auto key = from_hex(private_key, "private");
    if (!key) return tl::unexpected(key.error());
    const auto refused = [&](const char* why) {
        return fail(ErrorKind::corrupt, "cannot open the secret " + std::string(place) + ": " + why);
    };
    if (sealed.size() < crypto_box_SEALBYTES) return refused("it is damaged; put it again");
    std::string plain(sealed.size() - crypto_box_SEALBYTES, '\0');
    const Key public_key = derive_public(*key);
    if (crypto_box_seal_open(bytes(plain), bytes(sealed), sealed.size(), public_key.data(), key->data()) != 0) {
        return refused("it was sealed for another key or is damaged; put it again");
    }
    const std::string head = std::string(place) + '\n';
    if (!plain.starts_with(head)) {
        wipe(plain);
        return refused("it was sealed as another one; put it again");
    }
    std::string value = plain.substr(head.size());
    wipe(plain);
    return value;
}

Result<std::string> public_key_of(const std::string& private_key) {
    if (!ready()) return not_ready();
    const auto key = from_hex(private_key, "private");
    if (!key) return tl::unexpected(key.error());
    return to_hex(derive_public(*key));
}

void wipe(std::string& text) {
    sodium_memzero(text.data(), text.size());
    text.clear();
}

}  // namespace drover::secret
