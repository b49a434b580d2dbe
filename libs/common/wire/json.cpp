// JSON view of any MessagePack. Bytes that are themselves a MessagePack map (the bodies of records) are shown as one,
// other bytes as base64.
#include <array>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "wire/codec.hpp"
#include "wire/pack.hpp"

namespace drover::wire {

namespace {

void append_text(std::string& out, std::string_view text);
void append_bytes(std::string& out, std::string_view bytes, int bodies);

void append_real(std::string& out, double value) {
    if (!std::isfinite(value)) {
        out += "null";
        return;
    }
    std::array<char, 32> buf{};
    std::snprintf(buf.data(), buf.size(), "%.17g", value);
    out += buf.data();
}

void append_integer(std::string& out, Node node) {
    std::int64_t i = 0;
    std::uint64_t u = 0;
    if (node.fits(i)) {
        out += std::to_string(i);
    } else if (node.fits(u)) {
        out += std::to_string(u);
    }
}

// Stands for the next of the bytes set aside; cannot occur in JSON.
constexpr char kMark = '\x01';

// Bytes are set aside, because the tree that holds them is gone once another one is parsed.
void append(std::string& out, Node node, std::vector<std::string>& bytes) {
    switch (node.type()) {
        case NodeType::nil:
        case NodeType::ext: out += "null"; return;
        case NodeType::boolean: out += node.boolean() ? "true" : "false"; return;
        case NodeType::integer: append_integer(out, node); return;
        case NodeType::real: append_real(out, node.real()); return;
        case NodeType::str: append_text(out, node.text()); return;
        case NodeType::bin:
            out += kMark;
            bytes.emplace_back(node.text());
            return;
        case NodeType::array: {
            out += '[';
            Node element = node.size() > 0 ? node.first() : node;
            for (std::size_t i = 0; i < node.size(); ++i) {
                if (i > 0) out += ',';
                append(out, element, bytes);
                element = element.next();
            }
            out += ']';
            return;
        }
        case NodeType::map: {
            out += '{';
            Node key = node.size() > 0 ? node.first() : node;
            for (std::size_t i = 0; i < node.size(); ++i) {
                if (i > 0) out += ',';
                append_text(out, key.type() == NodeType::str ? key.text() : "?");
                out += ':';
                append(out, key.next(), bytes);
                key = key.next().next();
            }
            out += '}';
            return;
        }
    }
}

Result<std::string> render(std::string_view bytes, int bodies) {
    const Result<Node> root = parse(bytes);
    if (!root) return tl::unexpected<Error>(root.error());
    std::string marked;
    std::vector<std::string> set_aside;
    append(marked, *root, set_aside);
    std::string out;
    std::size_t next = 0;
    for (const char c : marked) {
        if (c == kMark) {
            append_bytes(out, set_aside[next++], bodies);
        } else {
            out += c;
        }
    }
    return out;
}

void append_base64(std::string& out, std::string_view bytes) {
    static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    out += '"';
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            out += i + k > bytes.size() ? '=' : kDigits[group >> (18 - 6 * k) & 63];
        }
    }
    out += '"';
}

void append_bytes(std::string& out, std::string_view bytes, int bodies) {
    const bool map = !bytes.empty() && ((static_cast<unsigned char>(bytes[0]) & 0xf0) == 0x80 ||
                                        static_cast<unsigned char>(bytes[0]) == 0xde);
    if (map && bodies > 0) {
        if (const Result<std::string> nested = render(bytes, bodies - 1)) {
            out += *nested;
            return;
        }
    }
    append_base64(out, bytes);
}

// Length of the UTF-8 sequence at text[i], 0 when it is not valid.
std::size_t sequence(std::string_view text, std::size_t i) {
    const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
    const unsigned char c = byte(i);
    const std::size_t n = c < 0x80                ? 1
                          : c >= 0xc2 && c < 0xe0 ? 2
                          : c >= 0xe0 && c < 0xf0 ? 3
                          : c >= 0xf0 && c < 0xf5 ? 4
                                                  : 0;
    if (n == 0 || i + n > text.size()) return 0;
    for (std::size_t k = 1; k < n; ++k) {
        if ((byte(i + k) & 0xc0) != 0x80) return 0;
    }
    if (n == 3 && ((c == 0xe0 && byte(i + 1) < 0xa0) || (c == 0xed && byte(i + 1) > 0x9f))) return 0;
    if (n == 4 && ((c == 0xf0 && byte(i + 1) < 0x90) || (c == 0xf4 && byte(i + 1) > 0x8f))) return 0;
    return n;
}

void append_text(std::string& out, std::string_view text) {
    out += '"';
    for (std::size_t i = 0; i < text.size();) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += text[i++];
        } else if (c < 0x20) {
            std::array<char, 8> buf{};
            std::snprintf(buf.data(), buf.size(), "\\u%04x", c);
            out += buf.data();
            ++i;
        } else if (const std::size_t n = sequence(text, i); n > 0) {
            out += text.substr(i, n);
            i += n;
        } else {
            out += "\\ufffd";
            ++i;
        }
    }
    out += '"';
}

}  // namespace

Result<std::string> to_json(std::string_view bytes) { return render(bytes, 2); }

}  // namespace drover::wire
