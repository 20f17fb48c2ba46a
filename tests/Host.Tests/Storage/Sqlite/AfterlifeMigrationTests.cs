using IntegrationHub.Host.Events;
using IntegrationHub.Host.Events.DeadLetters;
using IntegrationHub.Host.Http;
using IntegrationHub.Host.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace IntegrationHub.Host.Tests.Storage.Sqlite;

public sealed class AfterlifeMigrationTests
{
    [Fact]
    public async Task Open_ADatabaseOfBefore_TakesItsDeadLettersOverAndExplainsThem()
    {
        var folder = SqliteHarness.NewFolder();
        var file = Path.Combine(folder, SqliteStorage.FileName);
        SqliteLibrary.EnsureLoaded();
        await File.WriteAllBytesAsync(file, []);
        using (var session = SqliteSession.Open(file, SqliteOpenMode.ReadWrite, 1024))
        {
            SqliteMigrator.Migrate(session, file, [.. SqliteMigration.All.Where(step => step.Version <= 7)], TimeProvider.System);
            session.Run("""
                INSERT INTO events (id, provider, project, environment, type, provider_event_id, time, received_at, correlation_id) VALUES ('evt_1', 'acme', 'shop', 'dev', 'acme.paid', 'p1', 1, 1, 'c');
                INSERT INTO event_data SELECT number, x'00' FROM events;
                INSERT INTO deliveries (id, event_id, subscription_id, project, event_type, status, attempts, next_attempt_at, created_at, completed_at, reason, replay_of) VALUES
                    ('dlv_1', 'evt_1', 'sub_1', 'shop', 'acme.paid', 'dead', 2, 1, 1, 9, 'Given up after 2 attempts. The last one: The endpoint answered 503.', NULL),
                    ('dlv_2', 'evt_1', 'sub_1', 'shop', 'acme.paid', 'delivered', 1, 1, 1, 10, NULL, 'dlv_1'),
                    ('dlv_3', 'evt_1', 'sub_1', 'shop', 'acme.paid', 'dead', 0, 1, 1, 11, 'Not sent: the subscription is disabled.', NULL);
                INSERT INTO delivery_attempts (id, delivery_id, attempt, started_at, duration, status, outcome, error) VALUES
                    ('att_1', 'dlv_1', 1, 1, 1, NULL, 'connect_failed', 'No connection.'), ('att_2', 'dlv_1', 2, 2, 1, 503, 'refused', 'The endpoint answered 503.');
                """);
        }

        await using (var storage = await SqliteHarness.OpenAsync(folder))
        {
            var letters = new SqliteDeadLetterStore(storage);
            Assert.Equal(2, await letters.ExplainAsync(10, CancellationToken.None));
            Assert.Equal(0, await letters.ExplainAsync(10, CancellationToken.None));

            var first = await letters.GetAsync("dlv_1", CancellationToken.None);
            var third = await letters.GetAsync("dlv_3", CancellationToken.None);
            Assert.Equal(DeadLetterCause.Of("sub_1", DeliverySteps.Answer, 503, "The endpoint answered 503."), first!.Cause);
            Assert.Equal("dlv_2", first.ReplayedBy);
            Assert.Equal((DeliverySteps.Route, (string?)null), (third!.Cause.Step, third.ReplayedBy));
            Assert.Empty(await letters.ListUntoldAsync(10, CancellationToken.None));
            Assert.Equal(["dlv_3", "dlv_1"], (await letters.ListAsync(new DeadLetterQuery(), new PageRequest(), CancellationToken.None)).Items.Select(letter => letter.Delivery.Id));
        }

        Directory.Delete(folder, recursive: true);
    }
}
