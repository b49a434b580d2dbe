#include "wire/schema.hpp"

#include "wire/codec_impl.hpp"
#include "wire/messages.hpp"

namespace drover::wire {

namespace {

class Schema {
   public:
    template <Message T>
    void add() {
        std::apply([&](const auto&... f) { (add_field<T>(f), ...); }, T::fields());
    }

    std::vector<std::string> lines() const { return {lines_.begin(), lines_.end()}; }

   private:
    template <class T, class M, bool kBinary>
    void add_field(const Field<T, M, kBinary>& field) {
        const std::string name = std::string(T::kName) + "." + std::string(field.name);
        lines_.insert(name + ": " + (kBinary ? "bytes" : word<M>()));
    }

    template <class T>
    std::string word() {
        if constexpr (Message<T>) {
            add<T>();
            return std::string(T::kName);
        } else if constexpr (NamedEnum<T>) {
            std::string out = std::string(EnumNames<T>::kName) + " of";
            for (const std::string_view name : EnumNames<T>::kNames) out += " " + std::string(name);
            return out;
        } else if constexpr (std::is_same_v<T, bool>) {
            return "bool";
        } else if constexpr (std::is_same_v<T, Duration>) {
            return "duration";
        } else if constexpr (std::is_same_v<T, Instant>) {
            return "time";
        } else if constexpr (std::is_floating_point_v<T>) {
            return "real";
        } else if constexpr (std::is_unsigned_v<T>) {
            return "unsigned";
        } else if constexpr (std::is_integral_v<T>) {
            return "integer";
        } else if constexpr (std::is_same_v<T, std::string>) {
            return "text";
        } else if constexpr (std::is_same_v<T, Value>) {
            return "any";
        } else if constexpr (detail::IsOptional<T>::value) {
            return "optional " + word<typename T::value_type>();
        } else if constexpr (detail::IsMap<T>::value) {
            return "map of " + word<typename T::mapped_type>();
        } else {
            return "list of " + word<typename T::value_type>();
        }
    }

    std::set<std::string> lines_;
};

}  // namespace

std::vector<std::string> schema() {
    Schema out;
#define ADD(Type) out.add<Type>();
    WIRE_MESSAGES(ADD)
#undef ADD
    return out.lines();
}

}  // namespace drover::wire
