using System.Text.Json;
using IntegrationHub.Host.Access;
using IntegrationHub.Host.Catalog;
using IntegrationHub.Host.Connections;
using IntegrationHub.Host.Connections.Health;
using IntegrationHub.Host.Http;
using IntegrationHub.Templates;

namespace IntegrationHub.Host.Operations;

/// <summary>Runs a provider's connection tests: operations that must succeed.</summary>
internal sealed class ConnectionTester(
    OperationExecutor executor, IConnectionResolver connections, IProviderCatalog catalog, IEnumerable<IConnectionTestObserver> observers, IConnectionHealthSignal health)
{
    /// <exception cref="ProblemException">There is no such connection, or its provider is not loaded.</exception>
    public async Task<IReadOnlyList<ConnectionTestResult>> RunAsync(Caller caller, string connectionId, string correlationId, CancellationToken cancellationToken)
    {
        var connection = await connections.FindAsync(connectionId, cancellationToken);
        if (connection is null || !caller.CanSee(connection.Project))
            throw Problem.NotFound("connection", connectionId).ToException();

        using var lease = catalog.Acquire(connection.Provider) ?? throw OperationProblems.NotLoaded(connection.Provider).ToException();
        List<ConnectionTestResult> results;
        try
        {
            results = await RunAsync(caller, connection, lease.Provider, correlationId, cancellationToken);
        }
        catch (ProblemException)
        {
            // It does not even open: its health is not what the last round said.
            health.Changed(connectionId);
            throw;
        }

        foreach (var observer in observers)
            await observer.TestedAsync(connection, results, correlationId, cancellationToken);

        return results;
    }

    private async Task<List<ConnectionTestResult>> RunAsync(Caller caller, Connection connection, LoadedProvider provider, string correlationId, CancellationToken cancellationToken)
    {
        var results = new List<ConnectionTestResult>();
        foreach (var test in provider.Manifest.Tests)
        {
            var call = new OperationCall { Parameters = Parameters(test.Params, connection, provider), CorrelationId = correlationId, IsProbe = true };
            using var target = await executor.FindAsync(caller, connection.Id, test.Operation, cancellationToken);
            await using var execution = await executor.ExecuteAsync(caller, target, call, cancellationToken);
            var error = execution.Result.Error;
            results.Add(new ConnectionTestResult(
                test.Id,
                error is null,
                Math.Round(execution.Duration.TotalMilliseconds, 3),
                error is null ? null : new ConnectionTestError(OperationProblems.CodeOf(error.Category), error.Message, error.ProviderStatus, error.ProviderCode)));
        }

        return results;
    }

    private JsonElement Parameters(JsonElement? template, Connection connection, LoadedProvider provider)
    {
        if (template is not { } parameters)
            return JsonSerializer.SerializeToElement(new { });

        var opened = connections.Open(connection, provider);
        var scope = new TemplateScope().Set("config", opened.Config).Set("env", opened.EnvironmentValues);
        return JsonSerializer.SerializeToElement(Template.Compile(parameters).Render(scope));
    }
}

/// <summary>Told of every round of connection tests, whoever asked for it.</summary>
internal interface IConnectionTestObserver
{
    Task TestedAsync(Connection connection, IReadOnlyList<ConnectionTestResult> results, string correlationId, CancellationToken cancellationToken);
}

internal sealed record ConnectionTestResult(string TestId, bool Ok, double DurationMs, ConnectionTestError? Error);

internal sealed record ConnectionTestError(string Code, string Message, int? ProviderStatus, string? ProviderCode);
