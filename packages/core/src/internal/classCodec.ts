import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

/** Writes the fields of an error down, and makes the error of them again. */
export const codec = <
  Tag extends string,
  Fields extends Schema.Struct.Fields,
  Self extends Schema.TaggedStruct<Tag, Fields>["Type"]
>(
  Class: new(fields: Schema.TaggedStruct<Tag, Fields>["Type"]) => Self,
  tag: Tag,
  fields: Fields
) =>
  Schema.TaggedStruct(tag, fields).pipe(
    Schema.decodeTo(
      Schema.instanceOf(Class),
      SchemaTransformation.transform({ decode: (fields) => new Class(fields), encode: (error) => error })
    )
  )
