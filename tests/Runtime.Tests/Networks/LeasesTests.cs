using Xunit;

namespace A3.Runtime.Tests;

public sealed class LeasesTests
{
    [Fact]
    public void More_users_at_once_than_may_be_are_refused_and_nothing_is_changed()
    {
        var leases = new Leases("pass", most: 1);
        using (leases.Take(this))
        {
            Assert.StartsWith(
                "two threads use one pass at once", Assert.Throws<InvalidOperationException>(() => { leases.Take(this); }).Message);
        }

        using var next = leases.Take(this);
    }

    [Fact]
    public async Task Closing_waits_for_all_users_and_lets_nobody_begin()
    {
        var leases = new Leases("network");
        Leases.Lease[] users = [leases.Take(this), leases.Take(this)];
        var closing = Enumerable.Range(0, 2).Select(_ => Task.Run(leases.Close)).ToArray();
        SpinWait.SpinUntil(() => leases.IsClosed);

        Assert.Throws<ObjectDisposedException>(() => { leases.Take(this); });
        users[0].Dispose();
        Assert.All(closing, task => Assert.False(task.IsCompleted));
        users[1].Dispose();
        Assert.Single(await Task.WhenAll(closing), isFirst => isFirst);
        Assert.False(leases.Close());
    }
}
