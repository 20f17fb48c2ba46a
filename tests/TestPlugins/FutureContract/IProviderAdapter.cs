namespace IntegrationHub.Adapters;

/// <summary>The contract of a later version.</summary>
public interface IProviderAdapter
{
    string Name { get; }
}
