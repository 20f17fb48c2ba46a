using IntegrationHub.Adapters;
using IntegrationHub.Testing.Http;

namespace IntegrationHub.Testing.Running;

/// <summary>What came of one call of an operation. Holds no object of the plugin's code.</summary>
internal sealed record CallOutcome
{
    public required string Operation { get; init; }

    public required ConnectionContext Connection { get; init; }

    /// <summary>What the adapter returned; <see langword="null"/> when it threw, blocked, or returned nothing.</summary>
    public OperationResult? Result { get; init; }

    /// <summary>The type and message of what it threw.</summary>
    public string? Fault { get; init; }

    /// <summary>Whether it ended by cancellation.</summary>
    public bool Cancelled { get; init; }

    /// <summary>Whether it did not end within the deadline.</summary>
    public bool Blocked { get; init; }

    /// <summary>The bytes of a content stream, as text.</summary>
    public string Content { get; init; } = "";

    public IReadOnlyList<RecordedRequest> Requests { get; init; } = [];

    public bool Succeeded => Result is { Succeeded: true };

    /// <summary>What went wrong beyond typed errors, as a sentence; <see langword="null"/> when nothing did.</summary>
    public string? Misbehaviour =>
        Blocked ? "did not return in time" : Fault is not null ? $"threw {Fault}" : Cancelled ? "was cancelled although nobody asked for it" : Result is null ? "returned null" : null;

    public override string ToString() => Misbehaviour ?? (Result!.Error is { } error ? $"failed with {error.Category}: {error.Message}" : "succeeded");
}
