// What is recorded, as the core sees it, and a draft of what is to be recorded next.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "wire/codec.hpp"

namespace drover::store {

class View {
   public:
    virtual ~View() = default;
    virtual Result<std::optional<std::string>> get(std::string_view key) const = 0;
};

// One space in the order in which it was written.
class Log {
   public:
    struct Entry {
        std::uint64_t number = 0;
        std::string key;
        std::string value;
    };
    struct Slice {
        std::vector<Entry> entries;
        std::uint64_t through = 0;  // all that is there up to this number; the head when that was all
    };
    virtual ~Log() = default;
    // Entries above `number` whose key begins with `prefix`, oldest first. May end before `limit`, so that nobody has
    // to wait for a long search: see `through`.
    virtual Result<Slice> after(std::string_view prefix, std::uint64_t number, std::size_t limit) const = 0;
    virtual std::uint64_t head() const = 0;
    virtual std::uint64_t size() const = 0;
};

struct Write {
    std::string key;
    std::optional<std::string> value;  // nothing: forget the key

    friend bool operator==(const Write&, const Write&) = default;
};

// A view with changes on top that are not recorded yet: later operations of one commit see what earlier ones did.
class Draft : public View {
   public:
    explicit Draft(const View& base) : base_(base) {}

    Result<std::optional<std::string>> get(std::string_view key) const override;
    // A value that the key has already is no change.
    void put(const std::string& key, std::string value);
    void forget(const std::string& key);

    // In the order in which they were last made; each key once.
    std::vector<Write> writes() const;
    std::size_t size() const { return newest_.size(); }

   private:
    void change(const std::string& key, std::optional<std::string> value);

    const View& base_;
    std::vector<std::optional<Write>> changes_;  // overwritten ones are empty
    std::map<std::string, std::size_t, std::less<>> newest_;
};

// corrupt: the bytes are not a T, as when a newer version wrote them.
template <class T>
Result<std::optional<T>> load(const View& view, std::string_view key) {
    auto bytes = view.get(key);
    if (!bytes) return tl::unexpected(bytes.error());
    if (!*bytes) return std::nullopt;
    auto value = wire::decode<T>(**bytes);
    if (!value) {
        return fail(ErrorKind::corrupt,
                    "the recorded " + std::string(key) + " cannot be read by this version: " + value.error().message);
    }
    return std::move(*value);
}

template <class T>
void save(Draft& draft, const std::string& key, const T& value) {
    draft.put(key, wire::encode(value));
}

}  // namespace drover::store
