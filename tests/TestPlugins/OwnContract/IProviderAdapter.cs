namespace IntegrationHub.Adapters;

/// <summary>A copy of the contract, compiled into the plugin by mistake.</summary>
public interface IProviderAdapter
{
    string Name { get; }
}
