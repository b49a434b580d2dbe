// What every message of the bus is wrapped in, and the vector that states everybody's positions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "wire/fields.hpp"

namespace drover::wire {

// `body` is the MessagePack of the message named `kind`; empty when `erased`.
struct Record {
    std::uint64_t number = 0;
    std::string kind;
    std::string key;
    bool erased = false;
    std::string body;

    static constexpr std::string_view kName = "Record";
    static constexpr auto fields() {
        return std::tuple(field("number", &Record::number), field("kind", &Record::kind), field("key", &Record::key),
                          field("erased", &Record::erased), binary("body", &Record::body));
    }
    friend bool operator==(const Record&, const Record&) = default;
};

// The second frame of every message. `prev` is the number a receiver must have applied already.
struct Envelope {
    std::uint32_t v = 1;
    std::string from;
    std::string boot;
    std::string stream;
    std::uint64_t epoch = 0;
    std::uint64_t prev = 0;
    bool reset = false;  // the receiver's position is below what is still kept: forget the stream, start anew with this
    Instant at;          // wall clock, for people
    std::vector<Record> records;

    static constexpr std::string_view kName = "Envelope";
    static constexpr auto fields() {
        return std::tuple(field("v", &Envelope::v), field("from", &Envelope::from), field("boot", &Envelope::boot),
                          field("stream", &Envelope::stream), field("epoch", &Envelope::epoch),
                          field("prev", &Envelope::prev), field("reset", &Envelope::reset), field("at", &Envelope::at),
                          field("records", &Envelope::records));
    }
    friend bool operator==(const Envelope&, const Envelope&) = default;
};

// How far a sender's stream has got.
struct Head {
    std::string stream;
    std::uint64_t epoch = 0;
    std::uint64_t head = 0;

    static constexpr std::string_view kName = "Head";
    static constexpr auto fields() {
        return std::tuple(field("stream", &Head::stream), field("epoch", &Head::epoch), field("head", &Head::head));
    }
    friend bool operator==(const Head&, const Head&) = default;
};

// How far a receiver has got in somebody's stream. `want`: send what comes after `position`, something is missing.
struct Read {
    std::string source;
    std::string stream;
    std::uint64_t epoch = 0;
    std::uint64_t position = 0;
    bool want = false;

    static constexpr std::string_view kName = "Read";
    static constexpr auto fields() {
        return std::tuple(field("source", &Read::source), field("stream", &Read::stream), field("epoch", &Read::epoch),
                          field("position", &Read::position), field("want", &Read::want));
    }
    friend bool operator==(const Read&, const Read&) = default;
};

// Liveness, acknowledgement and repair in one: at 1 Hz and on change. States positions, never deltas.
struct Vector {
    std::string role;
    bool leaving = false;  // the sender is about to end: hand its lease on at once
    std::vector<Head> heads;
    std::vector<Read> reads;

    static constexpr std::string_view kName = "Vector";
    static constexpr auto fields() {
        return std::tuple(field("role", &Vector::role), field("leaving", &Vector::leaving),
                          field("heads", &Vector::heads), field("reads", &Vector::reads));
    }
    friend bool operator==(const Vector&, const Vector&) = default;
};

}  // namespace drover::wire
