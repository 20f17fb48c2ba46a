using System.Runtime.CompilerServices;
using IntegrationHub.Host.Storage.Sqlite;

namespace IntegrationHub.Contract.Tests;

/// <summary>
/// The hub chooses its SQLite before any test opens a database: tests that look into one and hubs within the same process would else have two libraries, and hand one the other's connections.
/// </summary>
internal static class SqliteChoice
{
    [ModuleInitializer]
    internal static void Make() => SqliteLibrary.EnsureLoaded();
}
