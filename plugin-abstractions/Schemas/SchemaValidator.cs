using System.Text.Json;

namespace IntegrationHub.Schemas;

/// <summary>A compiled JSON schema. Immutable and thread-safe. References leave the document never: only <c>#…</c> is followed.</summary>
public sealed class SchemaValidator
{
    /// <summary>Compiles a schema.</summary>
    /// <exception cref="ArgumentException">The schema is not valid, or refers outside itself.</exception>
    public static SchemaValidator Compile(JsonElement schema) => throw new InvalidOperationException();

    /// <summary>Validates a value and reports everything that is wrong with it.</summary>
    public IReadOnlyList<ValidationIssue> Validate(JsonElement value) => throw new InvalidOperationException();
}
