#include "secret/key_files.hpp"

#include <algorithm>

#include "os/files.hpp"
#include "secret/seal.hpp"

namespace drover::secret {
namespace {

constexpr std::size_t kKeySize = 64;

Result<std::string> read_key(const std::string& file) {
    auto text = os::read_file(file, 4096);
    if (!text) return tl::unexpected(text.error());
    text->erase(text->find_last_not_of(" \t\r\n") + 1);
    const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    if (text->size() == kKeySize && std::all_of(text->begin(), text->end(), hex)) return std::move(*text);
    return fail(ErrorKind::invalid, file + " should hold one key of 64 hex digits");
}

Result<void> write_key(const std::string& file, const std::string& key, mode_t mode) {
    return os::write_file_atomic(file, key + "\n", mode, os::Durable::yes);
}

}  // namespace

Result<std::string> read_public_key(const std::string& file) { return read_key(file); }

Result<std::string> read_private_key(const std::string& file) {
    if (auto good = os::check_private(file, "the private key"); !good) return tl::unexpected(good.error());
    return read_key(file);
}

Result<void> make_key_files(const std::string& public_file, const std::string& private_file) {
    if (os::exists(private_file)) {
        if (os::exists(public_file)) return {};
        const auto private_key = read_private_key(private_file);
        if (!private_key) return tl::unexpected(private_key.error());
        const auto public_key = public_key_of(*private_key);
        if (!public_key) return tl::unexpected(public_key.error());
        return write_key(public_file, *public_key, 0644);
    }
    if (os::exists(public_file)) {
        return fail(ErrorKind::not_found, "there is a public key " + public_file + " but not its private key " +
                                              private_file + "; restore it, or remove the public key to begin anew");
    }
    const auto keys = make_keys();
    if (!keys) return tl::unexpected(keys.error());
    if (auto written = write_key(private_file, keys->private_key, 0600); !written) return written;
    return write_key(public_file, keys->public_key, 0644);
}

}  // namespace drover::secret
