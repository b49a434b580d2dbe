#include "jobspec/document.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <optional>
#include <sstream>

namespace drover::jobspec {

namespace {

Mark mark_of(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

// Builds the tree out of yaml-cpp's events. What is refused here is thrown as yaml-cpp throws its own errors.
class Builder : public YAML::EventHandler {
   public:
    Node take() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(mark, anchor, make(mark)); }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        Node node = make(mark);
        node.kind = Node::Kind::scalar;
        node.text = value;
        node.quoted = tag == "!";
        refuse_tag(mark, tag);
        add(mark, anchor, std::move(node));
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end()) throw YAML::ParserException(mark, "an alias may not stand inside its own anchor");
        Node copy = found->second;
        count(mark, copy, open_.size());
        add(mark, 0, std::move(copy));
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(mark, tag, anchor, Node::Kind::list);
    }
    void OnSequenceEnd() override { close(); }

    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(mark, tag, anchor, Node::Kind::map);
    }
    void OnMapEnd() override { close(); }

   private:
    struct Open {
        Node node;
        YAML::Mark mark;
        YAML::anchor_t anchor;
        std::optional<Entry> entry;  // of a map: has its key, waits for its value
    };

    void count(const YAML::Mark& mark) {
        if (++nodes_ > kMaxNodes) throw YAML::ParserException(mark, "the document has more than 20000 values");
    }

    void count(const YAML::Mark& mark, const Node& node, std::size_t depth) {
        count(mark);
        check_depth(mark, depth);
        for (const Node& item : node.items) count(mark, item, depth + 1);
        for (const Entry& entry : node.entries) count(mark, entry.value, depth + 1);
    }

    static void check_depth(const YAML::Mark& mark, std::size_t depth) {
        if (depth >= kMaxDepth) throw YAML::ParserException(mark, "the document is nested deeper than 32 levels");
    }

    static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
        if (tag.size() > 1) throw YAML::ParserException(mark, "tags are not supported; remove " + tag);
    }

    Node make(const YAML::Mark& mark) {
        count(mark);
        Node node;
        node.mark = mark_of(mark);
        return node;
    }

    void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Node::Kind kind) {
        check_depth(mark, open_.size());
        refuse_tag(mark, tag);
        Node node = make(mark);
        node.kind = kind;
        open_.push_back({std::move(node), mark, anchor, std::nullopt});
    }

    void close() {
        Open done = std::move(open_.back());
        open_.pop_back();
        add(done.mark, done.anchor, std::move(done.node));
    }

    void add(const YAML::Mark& mark, YAML::anchor_t anchor, Node node) {
        if (anchor != 0) {
            count(mark, node, 0);
            anchors_[anchor] = node;
        }
        if (open_.empty()) {
            root_ = std::move(node);
            return;
        }
        Open& parent = open_.back();
        if (parent.node.kind == Node::Kind::list) {
            parent.node.items.push_back(std::move(node));
        } else if (parent.entry) {
            parent.entry->value = std::move(node);
            parent.node.entries.push_back(std::move(*parent.entry));
            parent.entry.reset();
        } else {
            if (node.kind != Node::Kind::scalar)
                throw YAML::ParserException(mark, "a field's name must be a plain word");
            parent.entry = Entry{std::move(node.text), node.mark, {}};
        }
    }

    Node root_;
    std::vector<Open> open_;
    std::map<YAML::anchor_t, Node> anchors_;
    std::size_t nodes_ = 0;
};

std::optional<unsigned> unicode_escape(std::string_view text) {
    if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return std::nullopt;
    unsigned value = 0;
    for (const char c : text.substr(2, 4)) {
        const std::size_t digit = std::string_view("0123456789abcdef").find(static_cast<char>(c | 0x20));
        const bool is_hex = (c >= '0' && c <= '9') || digit >= 10;
        if (!is_hex || digit == std::string_view::npos) return std::nullopt;
        value = value * 16 + static_cast<unsigned>(digit);
    }
    return value;
}

// JSON writes characters beyond 16 bits as two escapes, \ud83d\ude00; YAML knows only \U0001f600.
std::string join_surrogates(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const std::size_t escape = text.find('\\');
        out += text.substr(0, escape);
        if (escape == std::string_view::npos) break;
        text.remove_prefix(escape);
        const auto high = unicode_escape(text);
        const auto low = text.size() >= 12 ? unicode_escape(text.substr(6)) : std::nullopt;
        if (high && low && *high >> 10U == 0xd800 >> 10 && *low >> 10U == 0xdc00 >> 10) {
            std::array<char, 16> joined{};
            std::snprintf(joined.data(), joined.size(), "\\U%08x",
                          0x10000 + ((*high & 0x3ffU) << 10U) + (*low & 0x3ffU));
            out += joined.data();
            text.remove_prefix(12);
            continue;
        }
        out += text.substr(0, 2);
        text.remove_prefix(std::min<std::size_t>(text.size(), 2));
    }
    return out;
}

bool is_json(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && text[first] == '{';
}

Document refused(Mark mark, std::string message) {
    return {{}, {Problem{"", mark.line, mark.column, "", std::move(message), ""}}};
}

}  // namespace

const Node* Node::find(std::string_view key) const {
    for (const Entry& entry : entries) {
        if (entry.key == key) return &entry.value;
    }
    return nullptr;
}

Document read_document(std::string_view text) {
    if (text.size() > kMaxInput) return refused({}, "the file is larger than 256 KiB");
    try {
        std::istringstream in(is_json(text) ? join_surrogates(text) : std::string(text));
        YAML::Parser parser(in);
        Builder builder;
        if (!parser.HandleNextDocument(builder)) return refused({1, 1}, "the file is empty; it should hold a job");
        Builder rest;
        if (parser.HandleNextDocument(rest)) {
            return refused(rest.take().mark, "the file holds more than one document; write one job a file");
        }
        return {builder.take(), {}};
    } catch (const YAML::Exception& e) {
        return refused(mark_of(e.mark), "not valid YAML: " + e.msg);
    } catch (const std::exception& e) {
        return refused({1, 1}, std::string("not valid YAML: ") + e.what());
    }
}

}  // namespace drover::jobspec
