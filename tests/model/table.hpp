// Values by their canonical bytes: what has the same bytes is one value with one number. A state of the whole system is
// then a few numbers, and what a part does about an input is worked out once.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace drover::model {

using Id = std::uint32_t;

// Appends numbers and strings so that different sequences of them have different bytes.
class Bytes {
   public:
    Bytes& add(std::uint64_t number) {
        for (int shift = 0; shift < 64; shift += 8) bytes_.push_back(static_cast<char>((number >> shift) & 0xFF));
        return *this;
    }
    Bytes& add(std::string_view text) {
        add(text.size());
        bytes_ += text;
        return *this;
    }
    std::string take() { return std::move(bytes_); }

   private:
    std::string bytes_;
};

template <class T>
class Table {
   public:
    Id add(std::string bytes, T value) {
        const auto [at, fresh] = ids_.try_emplace(std::move(bytes), static_cast<Id>(rows_.size()));
        if (fresh)
            rows_.push_back({std::move(value), std::nullopt});
        else if (Row& row = rows_[at->second]; !row.twin)
            row.twin = std::move(value);
        return at->second;
    }
    const T& operator[](Id id) const { return rows_[id].value; }
    // Another value with the same bytes, come to in another way; null while there is none. It has to behave alike, or
    // the bytes leave something out.
    const T* twin(Id id) const { return rows_[id].twin ? &*rows_[id].twin : nullptr; }
    std::size_t size() const { return rows_.size(); }

   private:
    struct Row {
        T value;
        std::optional<T> twin;
    };
    std::unordered_map<std::string, Id> ids_;
    std::deque<Row> rows_;
};

}  // namespace drover::model
