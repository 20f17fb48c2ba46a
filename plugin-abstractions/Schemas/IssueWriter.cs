using System.Text.Json;
using NJsonSchema;
using NJsonSchema.Validation;

namespace IntegrationHub.Schemas;

/// <summary>Turns NJsonSchema's errors into sentences with exact pointers. Of alternatives it tells about the one that was most likely meant.</summary>
internal sealed class IssueWriter(CompiledSchema compiled, JsonElementReader document)
{
    private const int MostIssues = 500;
    private const int LongestName = 60;

    private enum Sort
    {
        Other,
        Type,
        TellsApart,
        Required,
        Unknown,
    }

    public IReadOnlyList<ValidationIssue> Write(IEnumerable<ValidationError> errors)
    {
        var issues = errors.SelectMany(Expand).Select(finding => new ValidationIssue(finding.Pointer, finding.Message, finding.Hint)).Distinct().Take(MostIssues + 1).ToList();
        if (issues.Count > MostIssues)
            issues[MostIssues] = new ValidationIssue("", "There is more that is wrong.", "Correct these first.");

        return issues;
    }

    private IEnumerable<Finding> Expand(ValidationError error)
    {
        var node = compiled.NodeOf(error.Schema);
        switch (error)
        {
            case AssertionError assertion:
                return [new Finding(Pointer(error), assertion.Message, assertion.Hint, assertion.TellsApart ? Sort.TellsApart : Sort.Other)];
            case MultiTypeValidationError types:
                var own = types.Errors.Values.FirstOrDefault(list => list.All(e => e.LineNumber != error.LineNumber || !IsType(e.Kind)));
                return own is null ? [WrongType(error, node)] : own.SelectMany(Expand);
            case ChildSchemaValidationError { Kind: ValidationErrorKind.NotAnyOf or ValidationErrorKind.NotOneOf } alternatives:
                return Choose(alternatives);
            case ChildSchemaValidationError nested:
                return nested.Errors.Values.SelectMany(list => list).SelectMany(Expand);
        }

        return error.Kind switch
        {
            ValidationErrorKind.PropertyRequired => [Missing(error, node)],
            ValidationErrorKind.NoAdditionalPropertiesAllowed => [Unknown(error, node)],
            ValidationErrorKind.ExcludedSchemaValidates when node?.Source.ValueKind == JsonValueKind.False => [new Finding(Pointer(error), "Nothing is allowed here.", "Leave it out.", Sort.Unknown)],
            ValidationErrorKind.ExcludedSchemaValidates => [new Finding(Pointer(error), "The value is one of those that are excluded.", null, Sort.Other)],
            ValidationErrorKind.TooManyItemsInTuple => [new Finding(Pointer(error), "The array has more items than it may have.", "Remove this item.", Sort.Other)],
            _ when IsType(error.Kind) => [WrongType(error, node)],
            _ => [new Finding(Pointer(error), "The value does not fit the schema.", null, Sort.Other)],
        };
    }

    private List<Finding> Choose(ChildSchemaValidationError error)
    {
        if (error.Errors.Values.Count(list => list.Count == 0) > 1)
            return [new Finding(Pointer(error), "The value fits more than one of the alternatives, and must fit exactly one.", "Leave out what belongs to the other.", Sort.Other)];

        var here = Pointer(error);
        var branches = error.Errors.Values.Select(list => list.SelectMany(Expand).ToList()).ToList();
        var fitting = branches.Where(list => !list.Any(f => f.Sort == Sort.Type && f.Pointer == here)).ToList();
        if (fitting.Count == 0)
        {
            var types = branches.SelectMany(list => list).Where(f => f.Sort == Sort.Type && f.Pointer == here).SelectMany(f => f.Types).Distinct().ToList();
            return [WrongType(here, document.ValueAt(error.LineNumber), types)];
        }

        if (fitting.Count > 1 && fitting.All(list => list.All(f => f.Sort == Sort.Required)))
        {
            var sets = fitting.Select(list => string.Join(" and ", list.Select(f => f.Name))).Distinct();
            return [new Finding(here, $"Something is missing: {string.Join(", or ", sets)}.", "Give one of these.", Sort.Required) { Name = string.Join(" or ", sets) }];
        }

        return fitting
            .OrderBy(list => list.Count(f => f.Sort == Sort.TellsApart))
            .ThenBy(list => list.Count(f => f.Sort == Sort.Unknown && f.Pointer.LastIndexOf('/') == here.Length))
            .ThenByDescending(list => list.Max(f => f.Pointer.Count(c => c == '/')))
            .ThenBy(list => list.Count)
            .First();
    }

    private Finding Missing(ValidationError error, SchemaNode? node)
    {
        var name = error.Property;
        var schema = node?.Properties.FirstOrDefault(p => p.Name == name).Schema;
        var example = schema?.Annotation("x-placeholder");
        return new Finding(PointerText.Append(Pointer(error), name), $"\"{Short(name)}\" is required.", example is null ? null : $"It looks like {Short(example)}.", Sort.Required)
        {
            Name = $"\"{Short(name)}\"",
        };
    }

    private Finding Unknown(ValidationError error, SchemaNode? node)
    {
        var names = node?.Properties.Select(p => p.Name).ToList() ?? [];
        var patterns = node?.PatternProperties.Select(p => p.Pattern.Text).Where(text => text != "^x-").ToList() ?? [];
        var hint = names.Count > 0 ? Nearest.Hint(error.Property, names) : patterns.Count > 0 ? $"Names match {string.Join(" or ", patterns)}" : "Leave it out.";
        return new Finding(Pointer(error), $"\"{Short(error.Property)}\" is not known here.", hint, Sort.Unknown);
    }

    private Finding WrongType(ValidationError error, SchemaNode? node) => WrongType(Pointer(error), document.ValueAt(error.LineNumber), TypesOf(node));

    private static Finding WrongType(string pointer, JsonElement value, List<string> types)
    {
        var expected = types.Count == 0 ? "something else" : string.Join(" or ", types.Select(JsonKind.Name));
        var found = types.Contains("integer") && value.ValueKind == JsonValueKind.Number ? "one with a fraction" : JsonKind.Name(value.ValueKind);
        var hint = (value.ValueKind, types) switch
        {
            (JsonValueKind.String, ["integer"] or ["number"] or ["boolean"]) => "Write it without quotation marks.",
            (JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False, ["string"]) => "Write it in quotation marks.",
            (not JsonValueKind.Array, ["array"]) => "Write it in square brackets.",
            (JsonValueKind.Null, _) => "Leave it out where there is nothing to say.",
            _ => null,
        };
        return new Finding(pointer, $"Expected {expected}, found {found}.", hint, Sort.Type) { Types = types };
    }

    private static List<string> TypesOf(SchemaNode? node)
    {
        if (node is null || node.Source.ValueKind != JsonValueKind.Object || !node.Source.TryGetProperty("type", out var type))
            return [];

        return type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(t => t.GetString()!).ToList() : [type.GetString()!];
    }

    private string Pointer(ValidationError error) => document.PointerTo(error.LineNumber);

    private static string Short(string name) => name.Length <= LongestName ? name : name[..(LongestName - 1)] + "…";

    private static bool IsType(ValidationErrorKind kind) => kind is ValidationErrorKind.StringExpected or ValidationErrorKind.NumberExpected
        or ValidationErrorKind.IntegerExpected or ValidationErrorKind.BooleanExpected or ValidationErrorKind.ObjectExpected or ValidationErrorKind.ArrayExpected
        or ValidationErrorKind.NullExpected or ValidationErrorKind.NoTypeValidates;

    private sealed record Finding(string Pointer, string Message, string? Hint, Sort Sort)
    {
        public IReadOnlyList<string> Types { get; init; } = [];

        public string? Name { get; init; }
    }
}
