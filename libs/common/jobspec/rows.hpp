// The rows behind the tables of a job file: a field's documentation with the way its value takes; internal to jobspec.
// The tables are in fields.cpp, those of a task's setup in setup_fields.cpp.
#pragma once

#include <optional>

#include "jobspec/fields.hpp"

namespace drover::jobspec {

template <class Owner>
struct Row {
    FieldDoc doc;
    void (*apply)(Context&, const std::string& path, const Node&, const FieldDoc&, Owner&);
};

// The driver and the alloc know a payload's file only; the block around it is there to be read by people.
struct DispatchPayload {
    std::string file;
};

const std::vector<Row<wire::JobSpec>>& rows(const wire::JobSpec*);
const std::vector<Row<wire::GroupSpec>>& rows(const wire::GroupSpec*);
const std::vector<Row<wire::PortSpec>>& rows(const wire::PortSpec*);
const std::vector<Row<wire::RestartPolicy>>& rows(const wire::RestartPolicy*);
const std::vector<Row<wire::TaskSpec>>& rows(const wire::TaskSpec*);
const std::vector<Row<wire::Lifecycle>>& rows(const wire::Lifecycle*);
const std::vector<Row<wire::Resources>>& rows(const wire::Resources*);
const std::vector<Row<wire::LogConfig>>& rows(const wire::LogConfig*);
const std::vector<Row<DispatchPayload>>& rows(const DispatchPayload*);
const std::vector<Row<wire::Artifact>>& rows(const wire::Artifact*);
const std::vector<Row<wire::Script>>& rows(const wire::Script*);
const std::vector<Row<wire::Template>>& rows(const wire::Template*);
const std::vector<Row<wire::ReadyProbe>>& rows(const wire::ReadyProbe*);

// What an element is before it is read.
void set_defaults(Context& context, wire::GroupSpec& group);
template <class T>
void set_defaults(Context&, T&) {}

template <wire::Message T>
void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field, T& to);
template <wire::Message T>
void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field,
          std::map<std::string, T>& to);
template <class T>
void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field, std::vector<T>& to);
template <class T>
void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field, std::optional<T>& to);

template <class Owner, class Member, Member Owner::*member>
void into(Context& context, const std::string& path, const Node& node, const FieldDoc& field, Owner& owner) {
    read(context, path, node, field, owner.*member);
}

#define INTO(Owner, member) into<wire::Owner, decltype(wire::Owner::member), &wire::Owner::member>

template <class T>
void read_block(Context& context, const std::string& path, const Node& node, T& to) {
    if (!is_map(context, path, node)) return;
    const auto& table = rows(static_cast<const T*>(nullptr));
    std::vector<FieldDoc> docs;
    docs.reserve(table.size());
    for (const auto& row : table) docs.push_back(row.doc);
    for (const Entry& entry : node.entries) {
        bool known = false;
        for (const FieldDoc& field : docs) known = known || field.name == entry.key;
        if (!known) complain_unknown(context, path, entry, docs);
    }
    for (const auto& row : table) {
        const std::string at = below(path, row.doc.name);
        if (const Node* value = node.find(row.doc.name)) {
            context.stood(at, value->mark);
            row.apply(context, at, *value, row.doc, to);
        } else if (row.doc.required()) {
            context.complain(node.mark, at, "is required");
        }
    }
}

template <wire::Message T>
void read(Context& context, const std::string& path, const Node& node, const FieldDoc&, T& to) {
    read_block(context, path, node, to);
}

template <class T>
void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field, std::optional<T>& to) {
    read(context, path, node, field, to.emplace());
}

template <wire::Message T>
void read(Context& context, const std::string& path, const Node& node, const FieldDoc&, std::map<std::string, T>& to) {
    if (!is_map(context, path, node)) return;
    for (const Entry& entry : node.entries) {
        const std::string at = below(path, entry.key);
        context.stood(at, entry.value.mark);
        read_block(context, at, entry.value, to[entry.key]);
    }
}

template <class T>
void read(Context& context, const std::string& path, const Node& node, const FieldDoc& field, std::vector<T>& to) {
    if (node.kind != Node::Kind::list) {
        return context.complain(
            node.mark, path, "expected a " + std::string(field.type) + ", each beginning with - on a line of its own");
    }
    for (const Node& item : node.items) {
        const std::string at = below(path, to.size());
        context.stood(at, item.mark);
        T element;
        set_defaults(context, element);
        read_block(context, at, item, element);
        to.push_back(std::move(element));
    }
}

}  // namespace drover::jobspec
