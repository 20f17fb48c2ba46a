using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace IntegrationHub.Schemas;

/// <summary>
/// Finds out quickly that a value is valid, which nearly all are. What it does not pass is judged by <see cref="StructuralValidator"/>, whose findings people read;
/// so it may doubt a valid value, but never pass one in which the other finds something.
/// </summary>
internal static class ValueScreen
{
    /// <summary>Steps after which a value is left to the other, which counts them too.</summary>
    private const int MostSteps = 500_000;
    private const int DeepestNesting = JsonElementReader.DeepestNesting;

    private enum Verdict
    {
        Invalid,
        Valid,

        /// <summary>The two might differ here. Nothing is concluded from it: no alternative is ruled out, and nothing is excluded.</summary>
        Unsure,
    }

    /// <summary>Whether the value is valid for certain.</summary>
    public static bool Passes(JsonElement value, SchemaNode root) => IsReadable(value) && new Screening(value).Judge(value, root) == Verdict.Valid;

    /// <summary>Every text is Unicode, and nothing is nested deeper than is read.</summary>
    private static bool IsReadable(JsonElement value)
    {
        var raw = JsonMarshal.GetRawUtf8Value(value);
        if (!Utf8.IsValid(raw))
            return false;

        try
        {
            var reader = new Utf8JsonReader(raw, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = DeepestNesting });
            while (reader.Read())
                if (reader.ValueIsEscaped)
                    _ = reader.GetString();

            return true;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Whether a name comes twice in an object. NJsonSchema sees the last such member alone, and the screen all of them.</summary>
    private static bool HasRepetition(JsonElement value)
    {
        try
        {
            _ = JsonElement.Parse(JsonMarshal.GetRawUtf8Value(value), new JsonDocumentOptions
            {
                CommentHandling = JsonCommentHandling.Skip,
                AllowTrailingCommas = true,
                MaxDepth = DeepestNesting,
                AllowDuplicateProperties = false,
            });
            return false;
        }
        catch (JsonException)
        {
            return true;
        }
    }

    private sealed class Screening
    {
        private readonly JsonElement whole;
        private readonly Action<string, string?> fail;
        private bool? hasRepetition;
        private int steps;
        private bool failed;

        public Screening(JsonElement whole)
        {
            this.whole = whole;
            fail = (_, _) => failed = true;
        }

        public Verdict Judge(JsonElement value, SchemaNode schema)
        {
            if (++steps > MostSteps)
                return Verdict.Unsure;

            while (schema.Reference is { } target)
                schema = target;

            var verdict = schema.Source.ValueKind switch
            {
                JsonValueKind.True => Verdict.Valid,
                JsonValueKind.False => Verdict.Invalid,
                _ => JudgeAll(value, schema),
            };

            // NJsonSchema takes null for more than the schema says.
            return verdict == Verdict.Invalid && value.ValueKind == JsonValueKind.Null ? Verdict.Unsure : verdict;
        }

        private Verdict JudgeAll(JsonElement value, SchemaNode schema)
        {
            if (!HasType(value, schema.Types) || !Holds(value, schema))
                return Verdict.Invalid;

            var verdict = value.ValueKind switch
            {
                JsonValueKind.Object => JudgeObject(value, schema),
                JsonValueKind.Array => JudgeArray(value, schema),
                _ => Verdict.Valid,
            };
            return verdict == Verdict.Valid ? JudgeCombinations(value, schema) : verdict;
        }

        private static bool HasType(JsonElement value, SchemaTypes types) => types == SchemaTypes.None || value.ValueKind switch
        {
            JsonValueKind.String => types.HasFlag(SchemaTypes.String),
            JsonValueKind.Number => types.HasFlag(SchemaTypes.Number) || (types.HasFlag(SchemaTypes.Integer) && JsonNumber.IsIntegral(value)),
            JsonValueKind.True or JsonValueKind.False => types.HasFlag(SchemaTypes.Boolean),
            JsonValueKind.Object => types.HasFlag(SchemaTypes.Object),
            JsonValueKind.Array => types.HasFlag(SchemaTypes.Array),
            _ => types.HasFlag(SchemaTypes.Null),
        };

        private bool Holds(JsonElement value, SchemaNode schema)
        {
            failed = false;
            schema.Assertions.Check(value, schema, fail);
            return !failed;
        }

        private Verdict JudgeObject(JsonElement value, SchemaNode schema)
        {
            foreach (var name in schema.Required)
                if (!value.TryGetProperty(name, out _))
                    return Verdict.Invalid;

            if (schema.Properties.Count == 0 && schema.PatternProperties.Count == 0 && schema is { AdditionalProperties: null, NoOtherProperties: false })
                return Verdict.Valid;

            foreach (var member in value.EnumerateObject())
                if (JudgeMember(member, schema) is var verdict and not Verdict.Valid)
                    return verdict;

            return Verdict.Valid;
        }

        private Verdict JudgeMember(JsonProperty member, SchemaNode schema)
        {
            var property = schema.Property(member);
            if (property is not null && Judge(member.Value, property) is var own and not Verdict.Valid)
                return own;

            var known = property is not null;
            foreach (var (pattern, child) in schema.PatternProperties)
            {
                var matches = pattern.Matches(member.Name);
                if (matches is null)
                    return Verdict.Unsure;

                if (matches is false)
                    continue;

                known = true;
                if (Judge(member.Value, child) is var verdict and not Verdict.Valid)
                    return verdict;
            }

            if (known)
                return Verdict.Valid;

            if (schema.AdditionalProperties is { } additional)
                return Judge(member.Value, additional);

            return schema.NoOtherProperties ? Verdict.Invalid : Verdict.Valid;
        }

        private Verdict JudgeArray(JsonElement value, SchemaNode schema)
        {
            if (schema.Items is null && schema.TupleItems.Count == 0)
                return Verdict.Valid;

            var index = 0;
            foreach (var item in value.EnumerateArray())
            {
                var at = schema.Items ?? (index < schema.TupleItems.Count ? schema.TupleItems[index] : schema.AdditionalItems);
                var verdict = at is not null ? Judge(item, at) : schema.NoOtherItems ? Verdict.Invalid : Verdict.Valid;
                if (verdict != Verdict.Valid)
                    return verdict;

                index++;
            }

            return Verdict.Valid;
        }

        private Verdict JudgeCombinations(JsonElement value, SchemaNode schema)
        {
            foreach (var part in schema.AllOf)
                if (Judge(value, part) is var verdict and not Verdict.Valid)
                    return verdict;

            if (schema.AnyOf.Count > 0 && JudgeAnyOf(value, schema.AnyOf) is var any and not Verdict.Valid)
                return any;

            if (schema.OneOf.Count == 0 && schema.Not is null)
                return Verdict.Valid;

            // From here on an unfounded "invalid" would do harm: it would fulfil a "not", or leave one alternative of several.
            hasRepetition ??= HasRepetition(whole);
            return hasRepetition.Value ? Verdict.Unsure : JudgeExactly(value, schema);
        }

        private Verdict JudgeAnyOf(JsonElement value, List<SchemaNode> alternatives)
        {
            foreach (var alternative in alternatives)
                if (Judge(value, alternative) is var verdict and not Verdict.Invalid)
                    return verdict;

            return Verdict.Invalid;
        }

        private Verdict JudgeExactly(JsonElement value, SchemaNode schema)
        {
            var fitting = 0;
            foreach (var alternative in schema.OneOf)
            {
                switch (Judge(value, alternative))
                {
                    case Verdict.Unsure:
                        return Verdict.Unsure;
                    case Verdict.Valid when ++fitting > 1:
                        return Verdict.Invalid;
                }
            }

            if (schema.OneOf.Count > 0 && fitting == 0)
                return Verdict.Invalid;

            return schema.Not is null ? Verdict.Valid : Judge(value, schema.Not) switch
            {
                Verdict.Valid => Verdict.Invalid,
                Verdict.Invalid => Verdict.Valid,
                _ => Verdict.Unsure,
            };
        }
    }
}
