namespace IntegrationHub.Adapters;

/// <summary>A type that a later version adds.</summary>
public enum AdapterHealth
{
    Good,
    Poor,
}

public sealed partial class RestAdapter
{
    /// <summary>A member that a later version adds to a type that exists today.</summary>
    public ValueTask<AdapterHealth> Warm(string address, CancellationToken cancellationToken) =>
        ValueTask.FromResult(address.Length > 0 && context is not null ? AdapterHealth.Good : AdapterHealth.Poor);
}
