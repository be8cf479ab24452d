// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/mutate_message.h"

#include <string>
#include <vector>

namespace tpuc::fuzz {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// A field that holds something, and whose it is.
struct Place {
  Message* message;
  const FieldDescriptor* field;
};

// All messages in `message`, itself first, and the texts in them.
void Collect(Message& message, std::vector<Message*>& messages,
             std::vector<std::string>& texts) {
  messages.push_back(&message);
  const Reflection* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const bool repeated = field->is_repeated();
    const int count = repeated ? reflection->FieldSize(message, field) : 1;
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      for (int i = 0; i < count; ++i) {
        Collect(repeated
                    ? *reflection->MutableRepeatedMessage(&message, field, i)
                    : *reflection->MutableMessage(&message, field),
                messages, texts);
      }
    } else if (field->type() == FieldDescriptor::TYPE_STRING) {
      for (int i = 0; i < count; ++i) {
        texts.push_back(repeated
                            ? reflection->GetRepeatedString(message, field, i)
                            : reflection->GetString(message, field));
      }
    }
  }
}

std::string Text(const std::vector<std::string>& texts, Random& random) {
  if (texts.empty() || Below(random, 8) == 0) {
    return std::string(Below(random, 3), static_cast<char>(random()));
  }
  return texts[Below(random, texts.size())];
}

// Gives a field a drawn value: element `i` of a repeated field, a new one of it
// (i < 0), or the single one.
class Setter {
 public:
  Setter(Place place, int i, const std::vector<std::string>& texts,
         Random& random)
      : place_(place), i_(i), texts_(texts), random_(random) {}

  void Run() {
    switch (place_.field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        return Put(static_cast<int32_t>(Interesting(random_, 0)),
                   &Reflection::SetInt32, &Reflection::SetRepeatedInt32,
                   &Reflection::AddInt32);
      case FieldDescriptor::CPPTYPE_INT64:
        return Put(static_cast<int64_t>(Interesting(random_, 0)),
                   &Reflection::SetInt64, &Reflection::SetRepeatedInt64,
                   &Reflection::AddInt64);
      case FieldDescriptor::CPPTYPE_UINT32:
        return Put(static_cast<uint32_t>(Interesting(random_, 0)),
                   &Reflection::SetUInt32, &Reflection::SetRepeatedUInt32,
                   &Reflection::AddUInt32);
      case FieldDescriptor::CPPTYPE_UINT64:
        return Put(Interesting(random_, 0), &Reflection::SetUInt64,
                   &Reflection::SetRepeatedUInt64, &Reflection::AddUInt64);
      case FieldDescriptor::CPPTYPE_FLOAT:
        return Put(static_cast<float>(Real()), &Reflection::SetFloat,
                   &Reflection::SetRepeatedFloat, &Reflection::AddFloat);
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return Put(Real(), &Reflection::SetDouble,
                   &Reflection::SetRepeatedDouble, &Reflection::AddDouble);
      case FieldDescriptor::CPPTYPE_BOOL:
        return Put(Below(random_, 2) == 0, &Reflection::SetBool,
                   &Reflection::SetRepeatedBool, &Reflection::AddBool);
      case FieldDescriptor::CPPTYPE_ENUM:
        return Put(static_cast<int>(Below(random_, 24)),
                   &Reflection::SetEnumValue, &Reflection::SetRepeatedEnumValue,
                   &Reflection::AddEnumValue);
      case FieldDescriptor::CPPTYPE_STRING:
        return Put(Text(texts_, random_), &Reflection::SetString,
                   &Reflection::SetRepeatedString, &Reflection::AddString);
      case FieldDescriptor::CPPTYPE_MESSAGE: {
        const Reflection* r = place_.message->GetReflection();
        if (!place_.field->is_repeated()) {
          r->MutableMessage(place_.message, place_.field);
        } else if (i_ < 0) {
          r->AddMessage(place_.message, place_.field);
        } else {
          r->MutableRepeatedMessage(place_.message, place_.field, i_)->Clear();
        }
      }
    }
  }

 private:
  double Real() {
    constexpr double kValues[] = {0, -0.0, 1, -1, 1e-40, 1e38, 1e300, 0.5};
    if (Below(random_, 4) == 0) return static_cast<double>(random_());
    const double value = kValues[Below(random_, 8)];
    return Below(random_, 8) == 0 ? value / 0.0 : value;
  }

  template <typename T, typename Set, typename SetRepeated, typename Add>
  void Put(T value, Set set, SetRepeated set_repeated, Add add) {
    const Reflection* r = place_.message->GetReflection();
    if (!place_.field->is_repeated()) {
      (r->*set)(place_.message, place_.field, std::move(value));
    } else if (i_ < 0) {
      (r->*add)(place_.message, place_.field, std::move(value));
    } else {
      (r->*set_repeated)(place_.message, place_.field, i_, std::move(value));
    }
  }

  const Place place_;
  const int i_;
  const std::vector<std::string>& texts_;
  Random& random_;
};

// Another element of a list of messages, as it is.
void RepeatElement(const Place& place, int i) {
  const Reflection* r = place.message->GetReflection();
  const std::string copy = r->GetRepeatedMessage(*place.message, place.field, i)
                               .SerializePartialAsString();
  r->AddMessage(place.message, place.field)->ParsePartialFromString(copy);
}

}  // namespace

void MutateMessage(Message& message, const std::vector<std::string>& words,
                   Random& random) {
  std::vector<Message*> messages;
  std::vector<std::string> texts;
  Collect(message, messages, texts);
  if (!words.empty() && Below(random, 3) == 0) texts = words;
  Message* target = messages[Below(random, messages.size())];
  const Reflection* reflection = target->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(*target, &fields);
  if (fields.empty() || Below(random, 6) == 0) {
    const auto* type = target->GetDescriptor();
    const FieldDescriptor* any = type->field(static_cast<int>(
        Below(random, static_cast<size_t>(type->field_count()))));
    return Setter({target, any}, -1, texts, random).Run();
  }
  const FieldDescriptor* field = fields[Below(random, fields.size())];
  const size_t what = Below(random, 8);
  if (what == 0) return reflection->ClearField(target, field);
  if (!field->is_repeated()) {
    return Setter({target, field}, 0, texts, random).Run();
  }
  const int size = reflection->FieldSize(*target, field);
  const int i = static_cast<int>(Below(random, static_cast<size_t>(size)));
  const int j = static_cast<int>(Below(random, static_cast<size_t>(size)));
  if (what == 1) {
    if (i != j) reflection->SwapElements(target, field, i, j);
  } else if (what == 2) {
    reflection->SwapElements(target, field, i, size - 1);
    reflection->RemoveLast(target, field);
  } else if (what == 3 &&
             field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    RepeatElement({target, field}, i);
  } else {
    Setter({target, field}, what == 4 ? -1 : i, texts, random).Run();
  }
}

}  // namespace tpuc::fuzz
